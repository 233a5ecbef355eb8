#include "properties/records.h"

#include <fmt/format.h>

namespace millrace::properties {
namespace {

/// "event 80384 (writer-2#1 k12#1)"
std::string event_text(std::uint64_t uid, std::string_view writer, std::uint32_t key,
                       std::uint64_t sequence) {
  return fmt::format("event {} ({} k{}#{})", uid, writer, key, sequence);
}

}  // namespace

std::string StreamKnown::words() const {
  return fmt::format("{} has {} segments", to_text(stream), segments);
}

std::string AppendInvoked::words() const {
  return fmt::format("asks to append {} to {}", event_text(uid, writer, key, sequence),
                     to_text(stream));
}

std::string AppendAcked::words() const {
  return has_offset ? fmt::format("event {} acknowledged at {}..{} of {}", uid, offset, end,
                                  to_text(segment))
                    : fmt::format("event {} acknowledged in {}", uid, to_text(segment));
}

std::string AppendFailed::words() const {
  return fmt::format("append of event {} failed: {}", uid, code);
}

std::string AppendUnknown::words() const {
  return fmt::format("append of event {} has no known outcome: {}", uid, code);
}

std::string ConditionalInvoked::words() const {
  return fmt::format("asks to append event {} at {} of {} and nowhere else", uid, expected_offset,
                     to_text(segment));
}

std::string ConditionalAnswered::words() const {
  return fmt::format("conditional append of event {} {}, length {}", uid,
                     is_appended ? "done" : "refused", length);
}

std::string EventRead::words() const {
  return fmt::format("{} read at {}..{} of {}", event_text(uid, writer, key, sequence), offset, end,
                     to_text(segment));
}

std::string DamagedRead::words() const {
  return fmt::format("no event at {} of {}: {}{}", offset, to_text(segment), why,
                     is_confirmed ? ", as a second pass confirmed" : "");
}

std::string PassBegan::words() const { return fmt::format("begins to read {}", to_text(segment)); }

std::string PassEnded::words() const {
  return fmt::format("came to the end of {} at {}", to_text(segment), end);
}

std::string SegmentScanned::words() const {
  return fmt::format("final read of {}: {}..{}", to_text(segment), start, end);
}

std::string InfoInvoked::words() const {
  return fmt::format("asks for the bounds of {}", to_text(segment));
}

std::string InfoAnswered::words() const {
  return fmt::format("{} is {}..{}{}", to_text(segment), start, length,
                     is_sealed ? ", sealed" : "");
}

std::string ReadInvoked::words() const {
  return fmt::format("asks for the bytes at {} of {}", offset, to_text(segment));
}

std::string ReadAnswered::words() const {
  return fmt::format("bytes at {} of {} {}", offset, to_text(segment),
                     is_truncated ? "are truncated" : "came");
}

std::string SealInvoked::words() const { return fmt::format("asks to seal {}", to_text(segment)); }

std::string SealAnswered::words() const {
  return fmt::format("{} is sealed at {}", to_text(segment), length);
}

std::string TruncateInvoked::words() const {
  return fmt::format("asks to truncate {} at {}", to_text(segment), offset);
}

std::string TruncateAnswered::words() const {
  return fmt::format("{} is truncated at {}", to_text(segment), offset);
}

std::string BlockInvoked::words() const {
  return fmt::format("sends events {}..{} of writer {} to {}", first, last, writer_id,
                     to_text(segment));
}

std::string BlockAnswered::words() const {
  if (!is_acked) return fmt::format("block refused: {}", code);
  return has_offset ? fmt::format("block acknowledged at {}", offset) : "block acknowledged";
}

std::string WriterAsked::words() const {
  return fmt::format("asks for the last event of writer {} in {}", writer_id, to_text(segment));
}

std::string WriterAnswered::words() const { return fmt::format("the writer has {} events", count); }

}  // namespace millrace::properties
