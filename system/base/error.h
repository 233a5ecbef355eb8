#pragma once

// The one list of what the world can answer, and for each answer whether the request happened.
//
// The third column is the most important documentation of the system: a caller that got an
// `unknown` must ask again or be idempotent, and may tell its own caller "failed" only where the
// code says `did not happen`.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// Whether the request behind an error took effect.
enum class Happened : std::uint8_t { kNo, kYes, kUnknown };

// clang-format off
enum class Errc : std::uint8_t {
  // The wait, not the request.
  kCancelled,          // unknown         The waiting task was cancelled.
  kTimeout,            // unknown         The deadline passed first.
  // The way to the peer.
  kUnavailable,        // unknown         The connection broke, or the peer closed it.
  kRefused,            // did not happen  Nothing was sent: no listener, or no such machine.
  kWrongVersion,       // did not happen  No version of the protocol is shared.
  kProtocol,           // unknown         The peer broke the protocol; the connection is useless.
  // The request.
  kInvalid,            // did not happen  The request makes no sense, whoever asks.
  kNotFound,           // did not happen  No such segment, file or name.
  kAlreadyExists,      // did not happen  The name is taken.
  kSealed,             // did not happen  The segment is sealed.
  kTruncated,          // did not happen  The offset lies before the segment's start.
  kBadOffset,          // did not happen  The segment's length is not the expected offset.
  kBadEventNumber,     // did not happen  A gap, an overlap, or not the expected event number.
  kWrongHost,          // did not happen  Another process serves this segment.
  kOverloaded,         // did not happen  A bound of the server was reached; try again later.
  kFenced,             // unknown         Another owner took over.
  kShuttingDown,       // unknown         The server stops serving.
  // The disk.
  kNoSpace,            // unknown         A prefix of the write may have been made.
  kIo,                 // unknown         The device failed; a prefix may have been made.
  kCorrupt,            // did not happen  Bytes fail their checksum or their format.
  kForeign,            // did not happen  The disk was formatted for somebody else, or not at all.
};
// clang-format on

/// Number of codes; every table over them has this size.
inline constexpr int kErrcCount = static_cast<int>(Errc::kForeign) + 1;

/// The name as the code base spells it without the `k`, in snake_case: "bad_offset".
std::string_view to_text(Errc code);

/// The code of a name that `to_text` gave; anything else is kProtocol.
Errc errc_from_text(std::string_view name);

/// Whether a request that ended in `code` took effect.
Happened happened(Errc code);

/// What the world answered. `detail` is for people; never branch on it.
struct Error {
  Errc code = Errc::kInvalid;
  std::string detail;
};

/// "bad_offset: expected 12, got 9", or the code alone where there is no detail.
std::string to_text(const Error& error);

}  // namespace millrace
