#include "properties/bounds.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace millrace::properties {
namespace {

/// Takes what was kept for an operation; the default where nothing was.
template <typename Kept>
Kept take(std::map<std::uint64_t, Kept>& open, std::uint64_t operation) {
  const auto found = open.find(operation);
  if (found == open.end()) return {};
  const Kept kept = found->second;
  open.erase(found);
  return kept;
}

}  // namespace

// --- VIS-1 ---

void ReadYourAck::on(const AppendAcked& acked, At at, Judge& /*judge*/) {
  if (acked.has_offset) lengths_[ledger_.segment(acked.segment)].raise(acked.end, at);
}

void ReadYourAck::on(const InfoInvoked& invoked, At /*at*/, Judge& /*judge*/) {
  open_[invoked.operation] = lengths_[ledger_.segment(invoked.segment)];
}

void ReadYourAck::on(const InfoAnswered& answered, At at, Judge& judge) {
  const Floor floor = take(open_, answered.operation);
  if (floor.at.record == 0) return;
  judge.compared();
  if (answered.length >= floor.value) return;
  judge.violated({.failure_class = "stale_length",
                  .seen = fmt::format("{} has length {}, after an append up to {} was acknowledged",
                                      to_text(answered.segment), answered.length, floor.value),
                  .expected = fmt::format("at least {}", floor.value),
                  .evidence = {floor.at, at}});
}

void ReadYourAck::on(const PassBegan& began, At /*at*/, Judge& /*judge*/) {
  passes_[ledger_.pass(began.pass)] = lengths_[ledger_.segment(began.segment)];
}

void ReadYourAck::on(const PassEnded& ended, At at, Judge& judge) {
  const auto found = passes_.find(ledger_.pass(ended.pass));
  if (found == passes_.end()) return;
  const Floor floor = found->second;
  passes_.erase(found);
  if (floor.at.record == 0) return;
  judge.compared();
  if (ended.end >= floor.value) return;
  judge.violated({.failure_class = "stale_tail",
                  .seen = fmt::format("{} found the tail of {} at {}, after an append up to {} was "
                                      "acknowledged",
                                      ended.pass, to_text(ended.segment), ended.end, floor.value),
                  .expected = fmt::format("a tail at {} or later", floor.value),
                  .evidence = {floor.at, at}});
}

// --- SEG-1 ---

void SealedStaysSealed::on(const SealAnswered& answered, At at, Judge& judge) {
  judge_length(answered.segment, answered.length, at, judge);
}

/// Judges the length of a segment that is said to be sealed.
void SealedStaysSealed::judge_length(const SegmentId& segment, std::uint64_t length, At at,
                                     Judge& judge) {
  const std::uint32_t number = ledger_.segment(segment);
  Sealed& sealed = sealed_[number];
  const bool is_first = sealed.at.record == 0;
  if (is_first) sealed = {.length = length, .at = at};
  const Floor& acked = acked_ends_[number];
  if (is_first && acked.at.record == 0) return;
  judge.compared();
  if (sealed.length != length) {
    judge.violated({.failure_class = "length_changed",
                    .seen = fmt::format("{} sealed with length {}, then with {}", to_text(segment),
                                        sealed.length, length),
                    .expected = "one length for ever",
                    .evidence = {sealed.at, at}});
  } else if (acked.value > length) {
    judge.violated({.failure_class = "appended",
                    .seen = fmt::format("{} sealed with length {}, an append was acknowledged up "
                                        "to {}",
                                        to_text(segment), length, acked.value),
                    .expected = "a seal behind everything that is acknowledged",
                    .evidence = {acked.at, at}});
  }
}

void SealedStaysSealed::on(const AppendInvoked& invoked, At at, Judge& /*judge*/) {
  invoked_[ledger_.event(invoked.uid)] = ledger_.keep(at);
}

void SealedStaysSealed::on(const AppendAcked& acked, At at, Judge& judge) {
  const std::uint32_t stamp = std::exchange(invoked_[ledger_.event(acked.uid)], 0);
  const std::uint32_t segment = ledger_.segment(acked.segment);
  if (acked.has_offset) acked_ends_[segment].raise(acked.end, at);
  const Sealed& sealed = sealed_[segment];
  if (sealed.at.record == 0) return;
  const At invoked = stamp == 0 ? At{} : ledger_.kept(stamp);
  judge.compared();
  // The acknowledgement may be late; the offset or the request tell whether the append was.
  const bool is_behind = acked.has_offset && acked.end > sealed.length;
  const bool is_later = invoked.record > sealed.at.record;
  if (!is_behind && !is_later) return;
  judge.violated({.failure_class = "appended",
                  .seen = is_behind
                              ? fmt::format("an append to {} up to {}, sealed with length {}",
                                            to_text(acked.segment), acked.end, sealed.length)
                              : fmt::format("an append to {} that was asked for when it was sealed",
                                            to_text(acked.segment)),
                  .expected = "no append behind the seal",
                  .evidence = {sealed.at, is_later ? invoked : at, at}});
}

void SealedStaysSealed::on(const InfoInvoked& invoked, At /*at*/, Judge& /*judge*/) {
  const Sealed& sealed = sealed_[ledger_.segment(invoked.segment)];
  if (sealed.at.record != 0) open_[invoked.operation] = sealed.at;
}

void SealedStaysSealed::on(const InfoAnswered& answered, At at, Judge& judge) {
  const At sealed_at = take(open_, answered.operation);
  if (answered.is_sealed) {
    judge_length(answered.segment, answered.length, at, judge);
    return;
  }
  if (sealed_at.record == 0) return;
  judge.compared();
  judge.violated({.failure_class = "unsealed",
                  .seen = fmt::format("{} is not sealed", to_text(answered.segment)),
                  .expected = "sealed, as a client was told before",
                  .evidence = {sealed_at, at}});
}

void SealedStaysSealed::on(const EventRead& read, At at, Judge& judge) {
  const Sealed& sealed = sealed_[ledger_.segment(read.segment)];
  if (sealed.at.record == 0) return;
  judge.compared();
  if (read.end <= sealed.length) return;
  judge.violated({.failure_class = "read_beyond_end",
                  .seen = fmt::format("an event of {} up to {}, sealed with length {}",
                                      to_text(read.segment), read.end, sealed.length),
                  .expected = "nothing behind the seal",
                  .evidence = {sealed.at, at}});
}

// --- SEG-2 ---

void Truncation::on(const TruncateInvoked& invoked, At at, Judge& /*judge*/) {
  asked_[invoked.segment].raise(invoked.offset, at);
  open_[invoked.operation] = {.done = done_[invoked.segment], .asked = invoked.offset};
}

void Truncation::on(const TruncateAnswered& answered, At at, Judge& judge) {
  const Open open = take(open_, answered.operation);
  judge_start(answered.segment, answered.offset, open.done, at, judge);
  // Success means that what was asked for is done, whatever start the answer names.
  done_[answered.segment].raise(std::max(answered.offset, open.asked), at);
}

void Truncation::on(const InfoInvoked& invoked, At /*at*/, Judge& /*judge*/) {
  open_[invoked.operation] = {.done = done_[invoked.segment]};
}

void Truncation::on(const InfoAnswered& answered, At at, Judge& judge) {
  judge_start(answered.segment, answered.start, take(open_, answered.operation).done, at, judge);
}

void Truncation::on(const ReadInvoked& invoked, At /*at*/, Judge& /*judge*/) {
  open_[invoked.operation] = {.done = done_[invoked.segment]};
}

void Truncation::on(const ReadAnswered& answered, At at, Judge& judge) {
  const Floor floor = take(open_, answered.operation).done;
  if (answered.is_truncated) {
    // The segment starts behind that byte, and nobody knows how far.
    judge_start(answered.segment, std::max(answered.offset + 1, floor.value), floor, at, judge);
    return;
  }
  if (answered.offset >= floor.value) return;
  judge.compared();
  judge.violated({.failure_class = "read_below_start",
                  .seen = fmt::format("a read of {} at {} was served, truncated at {} before",
                                      to_text(answered.segment), answered.offset, floor.value),
                  .expected = "an answer that says so",
                  .evidence = {floor.at, at}});
}

void Truncation::on(const SegmentScanned& scanned, At at, Judge& judge) {
  judge_start(scanned.segment, scanned.start, done_[scanned.segment], at, judge);
}

void Truncation::judge_start(const SegmentId& segment, std::uint64_t start, const Floor& floor,
                             At at, Judge& judge) {
  const Floor& asked = asked_[segment];
  if (asked.at.record == 0 && start == 0) return;
  judge.compared();
  if (start < floor.value) {
    judge.violated({.failure_class = "taken_back",
                    .seen = fmt::format("{} starts at {}, truncated at {} before", to_text(segment),
                                        start, floor.value),
                    .expected = fmt::format("at least {}", floor.value),
                    .evidence = {floor.at, at}});
  } else if (start > asked.value) {
    judge.violated({.failure_class = "more_than_asked",
                    .seen = fmt::format("{} starts at {}, nobody asked for more than {}",
                                        to_text(segment), start, asked.value),
                    .expected = fmt::format("at most {}", asked.value),
                    .evidence = {at}});
  }
}

// --- SEG-3 ---

void SaneBounds::on(const InfoAnswered& answered, At at, Judge& judge) {
  judge_bounds(answered.segment, answered.start, answered.length, at, judge);
}

void SaneBounds::on(const SegmentScanned& scanned, At at, Judge& judge) {
  judge_bounds(scanned.segment, scanned.start, scanned.end, at, judge);
}

void SaneBounds::on(const SegmentBounds& bounds, At at, Judge& judge) {
  judge_bounds(bounds.segment, bounds.start_offset, bounds.length, at, judge);
}

void SaneBounds::judge_bounds(const SegmentId& segment, std::uint64_t start, std::uint64_t length,
                              At at, Judge& judge) {
  judge.compared();
  if (start <= length) return;
  judge.violated(
      {.failure_class = "start_beyond_length",
       .seen = fmt::format("{} starts at {} and ends at {}", to_text(segment), start, length),
       .expected = "a start not beyond the length",
       .evidence = {at}});
}

// --- SEG-4 ---

void MonotoneBounds::on(const InfoInvoked& invoked, At /*at*/, Judge& /*judge*/) {
  open_[invoked.operation] = known_[invoked.segment];
}

void MonotoneBounds::on(const InfoAnswered& answered, At at, Judge& judge) {
  const Bounds floor = take(open_, answered.operation);
  if (floor.length.at.record != 0) judge.compared();
  if (answered.start < floor.start.value) {
    judge.violated({.failure_class = "start_went_back",
                    .seen = fmt::format("{} starts at {}, before at {}", to_text(answered.segment),
                                        answered.start, floor.start.value),
                    .expected = "a start that only grows",
                    .evidence = {floor.start.at, at}});
  } else if (answered.length < floor.length.value) {
    judge.violated({.failure_class = "length_went_back",
                    .seen = fmt::format("{} has length {}, before {}", to_text(answered.segment),
                                        answered.length, floor.length.value),
                    .expected = "a length that only grows",
                    .evidence = {floor.length.at, at}});
  }
  Bounds& known = known_[answered.segment];
  known.start.raise(answered.start, at);
  known.length.raise(answered.length, at);
}

}  // namespace millrace::properties
