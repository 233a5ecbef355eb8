#include "properties/order.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace millrace::properties {

void KeyOrder::on(const AppendInvoked& invoked, At /*at*/, Judge& /*judge*/) {
  open_[ledger_.event(invoked.uid)] = {
      .sequence = invoked.sequence, .writer = ledger_.writer(invoked.writer), .key = invoked.key};
}

void KeyOrder::on(const AppendAcked& acked, At at, Judge& judge) {
  const Invoked invoked = std::exchange(open_[ledger_.event(acked.uid)], {});
  if (invoked.writer == 0 || !acked.has_offset) return;
  const std::uint32_t segment = ledger_.segment(acked.segment);
  const auto [last, is_first] = acked_.at(Numbered(invoked.writer, invoked.key, segment));
  if (is_first) {
    last = {.sequence = invoked.sequence, .offset = acked.offset, .stamp = ledger_.keep(at)};
    return;
  }
  judge.compared();
  if ((invoked.sequence > last.sequence) != (acked.offset > last.offset)) {
    judge.violated({.failure_class = "stored_out_of_order",
                    .seen = fmt::format("{} k{}#{} at {} of {}, k{}#{} at {}",
                                        ledger_.writer_of(invoked.writer), invoked.key,
                                        invoked.sequence, acked.offset, to_text(acked.segment),
                                        invoked.key, last.sequence, last.offset),
                    .expected = "a later event at a larger offset",
                    .evidence = {ledger_.kept(last.stamp), at}});
  }
  if (invoked.sequence > last.sequence) {
    last = {.sequence = invoked.sequence, .offset = acked.offset, .stamp = ledger_.keep(at)};
  }
}

void KeyOrder::on(const EventRead& read, At at, Judge& judge) {
  const std::uint32_t pass = ledger_.pass(read.pass);
  const std::uint32_t writer = ledger_.writer(read.writer);
  const auto [last, is_first] = delivered_.at(Numbered(pass, writer, read.key));
  if (!is_first) judge.compared();
  // The same event again is DUP-1's business, or a reader that went back.
  if (!is_first && read.sequence < last.sequence) {
    judge.violated(
        {.failure_class = "delivered_out_of_order",
         .seen = fmt::format("{} was given {} k{}#{} after k{}#{}", read.pass, read.writer,
                             read.key, read.sequence, read.key, last.sequence),
         .expected = "the order of writing",
         .evidence = {last.stamp.at(), at}});
  }
  last = {.sequence = read.sequence, .stamp = Stamp(at)};
}

void StableOrder::on(const TruncateInvoked& invoked, At /*at*/, Judge& /*judge*/) {
  std::uint64_t& truncated = segments_[ledger_.segment(invoked.segment)].truncated;
  truncated = std::max(truncated, invoked.offset);
}

void StableOrder::judge_gap(const EventRead& read, std::uint64_t truncated, At at, Judge& judge) {
  const Last before =
      std::exchange(last_[ledger_.pass(read.pass)], {.end = read.end, .stamp = Stamp(at)});
  if (!before.stamp.is_set()) return;
  judge.compared();
  if (read.offset <= before.end || truncated >= read.offset) return;
  judge.violated({.failure_class = "skipped",
                  .seen = fmt::format("{} went from {} to {} of {}", read.pass, before.end,
                                      read.offset, to_text(read.segment)),
                  .expected = "every byte, but for what somebody truncated",
                  .evidence = {before.stamp.at(), at}});
}

void StableOrder::on(const EventRead& read, At at, Judge& judge) {
  auto& [places, truncated] = segments_[ledger_.segment(read.segment)];
  judge_gap(read, truncated, at, judge);
  const std::uint32_t event = ledger_.event(read.uid);
  const auto [index, is_first] = places.at(read.offset);
  Places::Entry& entry = places[index];
  if (!is_first) {
    judge.compared();
    const Seen& before = entry.value;
    if (before.event != event || before.end != read.end) {
      judge.violated({.failure_class = "changed",
                      .seen = fmt::format("{} at {}..{} holds event {}, before it was {} up to {}",
                                          to_text(read.segment), read.offset, read.end, read.uid,
                                          ledger_.uid_of(before.event), before.end),
                      .expected = "the same event at the same place",
                      .evidence = {ledger_.kept(before.stamp), at}});
    }
    return;
  }
  entry.value = {.end = read.end, .event = event, .stamp = ledger_.keep(at)};
  if (index > 0) judge_overlap(read.segment, places[index - 1], entry, judge);
  if (index + 1 < places.size()) judge_overlap(read.segment, entry, places[index + 1], judge);
}

void StableOrder::judge_overlap(const SegmentId& segment, const Places::Entry& left,
                                const Places::Entry& right, Judge& judge) {
  judge.compared();
  if (left.value.end <= right.offset) return;
  judge.violated({.failure_class = "overlapping",
                  .seen = fmt::format("{}: event {} at {}..{}, event {} at {}", to_text(segment),
                                      ledger_.uid_of(left.value.event), left.offset, left.value.end,
                                      ledger_.uid_of(right.value.event), right.offset),
                  .expected = "events side by side",
                  .evidence = {ledger_.kept(left.value.stamp), ledger_.kept(right.value.stamp)}});
}

void StableOrder::on(const DamagedRead& read, At at, Judge& judge) {
  judge.compared();
  if (read.is_confirmed) return;  // PHA-1's business.
  judge.violated({.failure_class = "damage_not_confirmed",
                  .seen = fmt::format("{} met damage in {} at {}, a pass from the start does not",
                                      read.pass, to_text(read.segment), read.offset),
                  .expected = "the same bytes for every reader",
                  .evidence = {at}});
}

}  // namespace millrace::properties
