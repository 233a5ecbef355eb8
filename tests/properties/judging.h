#pragma once

// Small histories of the store, to be shown to its properties.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "properties/records.h"
#include "sim/run/judging.h"

namespace millrace::properties {

inline StreamName orders() { return *StreamName::parse("orders"); }
inline SegmentId segment(std::uint32_t number) { return {.stream = orders(), .number = number}; }

using run::Judging;
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
