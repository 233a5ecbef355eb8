#pragma once

// A store of a few lines without any fault in it, and its clients: what they record is a history to
// which no property may object.
//
// A history is made of steps, which are plain data: a client begins an operation, an operation
// takes its effect or is answered, a reader goes on, the store restarts. Steps name what they are
// about by numbers that are taken modulo what there is, so any list of steps makes a history, and
// so does any part of it. Operations overlap: between request, effect and answer there may be any
// other steps, an answer may be lost, and what was given up may still happen.

#include <cstdint>
#include <iosfwd>
#include <span>

#include "tests/properties/recorded.h"

namespace millrace::properties {

enum class Deed : std::uint8_t {
  kWrite,      ///< A writer hands over an event.
  kCondition,  ///< A client appends only at an expected offset.
  kBlock,      ///< A resender sends a block: the next one, or a repeated or a wrong one.
  kAsk,        ///< It asks how many events the store has of it.
  kLook,       ///< A client asks for a segment's bounds,
  kRead,       ///< for the bytes at one offset,
  kTruncate,   ///< asks to truncate
  kSeal,       ///< or to seal.
  kGoOn,       ///< An operation takes its effect, or is answered.
  kGiveUp,     ///< Its client stops waiting.
  kFollow,     ///< A reader is given some events.
  kReport,     ///< The store reports a fact.
  kRestart,    ///< It recovers.
};
inline constexpr std::uint32_t kDeeds = 13;

struct Step {
  Deed deed = Deed::kWrite;
  std::uint32_t who = 0;
  std::uint32_t which = 0;
  std::uint32_t how = 0;
};
std::ostream& operator<<(std::ostream& out, const Step& step);

/// What the clients of a stream of `segments` segments record, from the first step to the scan at
/// the end.
Recording recording_of(std::span<const Step> steps, std::uint32_t segments);

}  // namespace millrace::properties
