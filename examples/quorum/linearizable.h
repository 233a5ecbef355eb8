#pragma once

// What clients record of the registers, and the properties that judge it.

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <millrace/main.h>
#include <string>
#include <string_view>
#include <utility>

#include "quorum/codec.h"

namespace quorum {

/// An operation is about to be asked for. A read has the value 0.
struct Began {
  std::uint64_t operation = 0;
  std::uint32_t key = 0;
  bool is_write = false;
  std::uint64_t value = 0;
  static constexpr auto fields =
      millrace::fields("operation", &Began::operation, "key", &Began::key, "is_write",
                       &Began::is_write, "value", &Began::value);
};

/// It was answered: what was written or read, and its version.
struct Ended {
  std::uint64_t operation = 0;
  Version version;
  std::uint64_t value = 0;
  /// Of a read: whether replicas disagreed.
  bool was_settled = false;
  static constexpr auto fields =
      millrace::fields("operation", &Ended::operation, "version", &Ended::version, "value",
                       &Ended::value, "was_settled", &Ended::was_settled);
};

/// Each register behaves like one variable: every operation seems to happen at one moment between
/// its beginning and its end.
///
/// Versions say in which order. That order explains a history if an operation never goes below what
/// had ended before it began (a write: above), and each version stands for one value that somebody
/// had begun to write. Operations that never ended may or may not have happened.
/// Cost: O(log n) a record.
class Linearizable {
 public:
  static constexpr millrace::Claim claim{
      "REG-1", "linearizable", "Each register behaves like one variable, whatever fails."};
  static constexpr std::array<std::string_view, 5> classes{
      "stale_read", "reordered_write", "two_values", "invented_value", "unasked_answer"};
  static constexpr std::array needs{millrace::Assumption::kDisksWithinBudget};
  using Sees = millrace::Records<Began, Ended>;

  void on(const Began& began, millrace::At at, millrace::Judge& judge) {
    Register& subject = registers_[began.key];
    const Open open{.began = began, .at = at, .floor = subject.newest};
    const bool is_first = open_.emplace(began.operation, open).second;
    if (!is_first) judge_asking(began.operation, "begins again", at, judge);
    if (began.is_write) subject.values.emplace(began.value, at);
  }

  void on(const Ended& ended, millrace::At at, millrace::Judge& judge) {
    const auto found = open_.find(ended.operation);
    judge.compared();
    if (found == open_.end()) {
      judge_asking(ended.operation, "ends, but is not under way", at, judge);
      return;
    }
    const Open open = found->second;
    open_.erase(found);
    Register& subject = registers_[open.began.key];
    judge_order(open, ended, at, judge);
    judge_value(subject, open, ended, at, judge);
    if (subject.newest.version < ended.version) subject.newest = {ended.version, at};
  }

 private:
  /// The newest version that an operation had ended with, and where.
  struct Floor {
    Version version;
    millrace::At at;
  };
  struct Open {
    Began began;
    millrace::At at;
    Floor floor;
  };
  struct Register {
    Floor newest;
    std::map<std::uint64_t, millrace::At> values;  // That a write had begun.
    std::map<Version, std::pair<std::uint64_t, millrace::At>> by_version;
  };

  static void judge_asking(std::uint64_t operation, const char* what, millrace::At at,
                           millrace::Judge& judge) {
    judge.violated({.failure_class = "unasked_answer",
                    .seen = "operation " + std::to_string(operation) + " " + what,
                    .expected = "each begins once and then ends once",
                    .evidence = {at}});
  }

  static void judge_order(const Open& open, const Ended& ended, millrace::At at,
                          millrace::Judge& judge) {
    const bool is_write = open.began.is_write;
    const bool is_right =
        is_write ? open.floor.version < ended.version : open.floor.version <= ended.version;
    if (is_right) return;
    const std::string key = std::to_string(open.began.key);
    judge.violated({.failure_class = is_write ? "reordered_write" : "stale_read",
                    .seen = (is_write ? "a write of key " : "a read of key ") + key +
                            " has version " + to_text(ended.version),
                    .expected = (is_write ? "above " : "at least ") + to_text(open.floor.version) +
                                ", which had ended before it began",
                    .evidence = {open.floor.at, open.at, at}});
  }

  static void judge_value(Register& subject, const Open& open, const Ended& ended, millrace::At at,
                          millrace::Judge& judge) {
    const std::string what =
        "version " + to_text(ended.version) + " of key " + std::to_string(open.began.key) + " is ";
    const bool is_never = ended.version == Version{};
    if (is_never ? ended.value != 0 : !subject.values.contains(ended.value)) {
      judge.violated({.failure_class = "invented_value",
                      .seen = what + std::to_string(ended.value),
                      .expected = "a value that somebody began to write",
                      .evidence = {open.at, at}});
    }
    const auto [entry, is_new] = subject.by_version.try_emplace(ended.version, ended.value, at);
    const auto& [value, first_seen] = entry->second;
    if (value == ended.value) return;
    judge.violated({.failure_class = "two_values",
                    .seen = what + std::to_string(ended.value),
                    .expected = std::to_string(value) + ", as was seen before",
                    .evidence = {first_seen, at}});
  }

  std::map<std::uint32_t, Register> registers_;
  std::map<std::uint64_t, Open> open_;
};

/// Says that the hard path of a read was taken: otherwise a green campaign would not mean much.
/// Cost: O(1) a record.
class ReadersSettle {
 public:
  static constexpr millrace::Claim claim{"REG-2", "readers_settle",
                                         "Some read meets replicas that disagree, and settles it.",
                                         millrace::PropertyKind::kSometimes};
  using Sees = millrace::Records<Ended>;

  void on(const Ended& ended, millrace::At /*at*/, millrace::Judge& judge) {
    judge.compared();
    if (ended.was_settled) judge.witnessed();
  }
};

}  // namespace quorum
