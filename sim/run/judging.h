#pragma once

// Shows a hand-written history to one property and keeps what it says: for tests of properties,
// which must object to small histories that are wrong, and to none that is right.
//
//   Judging<AckedIsFound> judging;
//   judging.see(Stored{.number = 1}).at_end();
//   EXPECT_EQ(judging.objections(), std::vector<std::string>{"violated"});

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/run/property.h"

namespace millrace::run {

/// A property, the records that it saw, and its objections. Unlike in a run, the first objection
/// ends nothing.
template <typename Property>
class Judging final : public Judge {
 public:
  /// Shows one record, each at an event of its own.
  template <typename Record>
  Judging& see(const Record& record) {
    ++at_.record;
    ++at_.ordinal;
    detail::handle_record<Property, Record>(property_.get(), &record, at_, *this);
    return *this;
  }

  /// Comes to the end of the history.
  Judging& at_end() {
    type_.at_end(property_.get(), *this);
    return *this;
  }

  /// The classes that it objected with, in order. "undeclared class" stands for one that is not in
  /// its list, and "nothing to show" comes after an objection without words or evidence.
  const std::vector<std::string>& objections() const { return objections_; }
  std::uint64_t comparisons() const { return comparisons_; }
  bool has_witnessed() const { return has_witnessed_; }

  void violated(Violation violation) override {
    std::string_view failure_class = violation.failure_class;
    if (failure_class.empty() && type_.classes.size() == 1) failure_class = type_.classes.front();
    const bool is_declared = std::ranges::find(type_.classes, failure_class) != type_.classes.end();
    objections_.emplace_back(is_declared ? failure_class : "undeclared class");
    if (violation.seen.empty() || violation.expected.empty() || violation.evidence.empty()) {
      objections_.emplace_back("nothing to show");
    }
  }
  void compared(std::uint64_t count) override { comparisons_ += count; }
  void witnessed() override { has_witnessed_ = true; }
  At at() const override { return at_; }
  const std::string& machine_name(std::uint32_t /*machine*/) const override { return machine_; }

 private:
  const PropertyType type_ = property_type<Property>();
  SharedParts shared_;
  const std::shared_ptr<Property> property_ = detail::make_property<Property>(shared_);
  At at_;
  std::vector<std::string> objections_;
  std::uint64_t comparisons_ = 0;
  bool has_witnessed_ = false;
  const std::string machine_ = "machine-1";
};

}  // namespace millrace::run

namespace millrace {
using run::Judging;
}  // namespace millrace
