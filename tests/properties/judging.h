#pragma once

// Shows a hand-written history to one property and keeps what it says.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "properties/records.h"
#include "sim/run/property.h"

namespace millrace::properties {

inline StreamName orders() { return *StreamName::parse("orders"); }
inline SegmentId segment(std::uint32_t number) { return {.stream = orders(), .number = number}; }

/// A property, the records that it saw, and its objections.
template <typename Property>
class Judging final : public Judge {
 public:
  /// Shows one record.
  template <typename Record>
  Judging& see(const Record& record) {
    ++at_.record;
    ++at_.ordinal;
    property_.on(record, at_, *this);
    return *this;
  }

  /// The run is over.
  Judging& end() {
    property_.at_end(*this);
    return *this;
  }

  /// The classes that it objected with, in order.
  const std::vector<std::string>& objections() const { return objections_; }
  std::uint64_t comparisons() const { return comparisons_; }

  void violated(Violation violation) override {
    // An objection names one of the declared classes, and shows something.
    bool is_declared = false;
    for (const std::string_view declared : Property::classes) {
      is_declared = is_declared || declared == violation.failure_class;
    }
    objections_.emplace_back(is_declared ? violation.failure_class : "undeclared class");
    if (violation.seen.empty() || violation.expected.empty() || violation.evidence.empty()) {
      objections_.emplace_back("nothing to show");
    }
  }
  void compared(std::uint64_t count) override { comparisons_ += count; }
  void witnessed() override {}
  At at() const override { return at_; }
  const std::string& machine_name(std::uint32_t /*machine*/) const override { return machine_; }

 private:
  Property property_;
  At at_;
  std::vector<std::string> objections_;
  std::uint64_t comparisons_ = 0;
  const std::string machine_ = "store-1";
};

using Classes = std::vector<std::string>;

inline AppendInvoked invoked(std::uint64_t uid, std::uint32_t key, std::uint64_t sequence) {
  return {.uid = uid, .stream = orders(), .writer = "w", .key = key, .sequence = sequence};
}
inline AppendAcked acked(std::uint64_t uid, std::uint64_t offset, std::uint32_t number = 0) {
  return {.uid = uid,
          .segment = segment(number),
          .has_offset = true,
          .offset = offset,
          .end = offset + 10};
}
inline EventRead read(std::string pass, std::uint64_t uid, std::uint64_t offset,
                      std::uint32_t key = 1, std::uint64_t sequence = 0, std::uint32_t number = 0) {
  return {.pass = std::move(pass),
          .segment = segment(number),
          .offset = offset,
          .end = offset + 10,
          .uid = uid,
          .writer = "w",
          .key = key,
          .sequence = sequence};
}

}  // namespace millrace::properties
