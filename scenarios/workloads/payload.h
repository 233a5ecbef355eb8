#pragma once

// What the events of the workloads carry: enough to tell from one event who wrote it, as which of
// its key's, and whether all of it is there.

#include <cstdint>
#include <optional>
#include <string>

#include "system/base/bytes.h"

namespace millrace::scenarios {

/// An event. `sequence` is dense from 0 within (writer, key); `uid` is unique in a run.
struct Payload {
  std::uint64_t uid = 0;
  std::string writer;
  std::uint32_t key = 0;
  std::uint64_t sequence = 0;
};

/// The event with a checksum, filled up to `bytes` where it is shorter.
Bytes encode_payload(const Payload& payload, std::size_t bytes);

/// The event; none for bytes that no encode_payload() made.
std::optional<Payload> decode_payload(ByteView bytes);

/// The routing key of a key number: "k7".
std::string routing_key(std::uint32_t key);

/// Events of operation `id` have the uids from here on, in order; an operation has at most
/// kEventsPerOperationMax.
inline constexpr std::uint32_t kEventsPerOperationMax = 256;
constexpr std::uint64_t first_uid(std::uint64_t operation_id) {
  return operation_id * kEventsPerOperationMax;
}

}  // namespace millrace::scenarios
