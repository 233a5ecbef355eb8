#pragma once

// A set of ids as people write it, "1-204,300": short, because operations are numbered client by
// client and taken in their order.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "system/base/result.h"

namespace millrace::run {

class IdRanges {
 public:
  IdRanges() = default;
  /// Of any ids, in any order, repeated or not.
  explicit IdRanges(std::vector<std::uint64_t> ids);

  /// Reads text(). Errors: kInvalid for anything else: ids are decimal, ascend, and are below 2^53.
  static Result<IdRanges> parse(std::string_view text);

  bool contains(std::uint64_t id) const;
  bool empty() const { return ranges_.empty(); }
  /// "1-204,300"; empty for none.
  std::string text() const;

  friend bool operator==(const IdRanges&, const IdRanges&) = default;

 private:
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    friend bool operator==(const Range&, const Range&) = default;
  };

  std::vector<Range> ranges_;  // Ascending, with a gap between one and the next.
};

}  // namespace millrace::run
