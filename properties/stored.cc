#include "properties/stored.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace millrace::properties {

// --- DUR-1 ---

void AckedIsDurable::on(const AppendInvoked& invoked, At at, Judge& /*judge*/) {
  invoked_[invoked.uid] = at.record;
}

void AckedIsDurable::on(const AppendAcked& acked, At at, Judge& /*judge*/) {
  Acked& known = acked_[acked.segment][acked.uid];
  if (acked.has_offset) {
    known = {.has_offset = true, .offset = acked.offset, .end = acked.end, .at = at};
    Lengths& lengths = lengths_[acked.segment];
    if (lengths.empty() || lengths.back().second < acked.end) {
      lengths.emplace_back(at.record, acked.end);
    }
  } else if (known.at.record == 0) {
    const auto invoked = invoked_.find(acked.uid);
    const std::uint64_t least =
        invoked == invoked_.end() ? 0 : length_before(acked.segment, invoked->second);
    known = {.has_offset = false, .offset = least, .end = least, .at = at};
  }
}

/// The length that was acknowledged before a record.
std::uint64_t AckedIsDurable::length_before(const SegmentId& segment, std::uint64_t record) const {
  const auto found = lengths_.find(segment);
  if (found == lengths_.end()) return 0;
  const Lengths& lengths = found->second;
  const auto later = std::ranges::lower_bound(lengths, record, {}, &Lengths::value_type::first);
  return later == lengths.begin() ? 0 : std::prev(later)->second;
}

void AckedIsDurable::on(const EventRead& read, At /*at*/, Judge& /*judge*/) {
  read_[read.pass].insert(read.uid);
}

void AckedIsDurable::on(const SegmentScanned& scanned, At at, Judge& judge) {
  const std::set<std::uint64_t>& read = read_[scanned.pass];
  for (const auto& [uid, acked] : acked_[scanned.segment]) {
    const bool may_be_truncated = acked.offset < scanned.start;
    if (may_be_truncated) continue;
    judge.compared();
    if (read.contains(uid)) continue;
    const std::string place =
        acked.has_offset ? fmt::format("at {}..{}", acked.offset, acked.end) : "somewhere";
    judge.violated({.failure_class = "lost",
                    .seen = fmt::format("{} ends at {}: event {} was acknowledged {}, yet the "
                                        "last scan does not have it",
                                        to_text(scanned.segment), scanned.end, uid, place),
                    .expected = fmt::format("event {} {}", uid, place),
                    .evidence = {acked.at, at}});
  }
}

// --- DUP-1 ---

void NoDuplicates::on(const EventRead& read, At at, Judge& judge) {
  const Place here{.segment = read.segment, .offset = read.offset, .at = at};
  const auto [last, is_pass_new] = last_.try_emplace(read.pass, here);
  if (!is_pass_new) {
    judge.compared();
    if (read.offset <= last->second.offset) {
      judge.violated({.failure_class = "delivered_twice",
                      .seen = fmt::format("{} was given {} of {} after {}", read.pass, read.offset,
                                          to_text(read.segment), last->second.offset),
                      .expected = "a pass that only goes on",
                      .evidence = {last->second.at, at}});
    }
    last->second = here;
  }
  const auto [entry, is_first] = first_.try_emplace(read.uid, here);
  if (is_first) return;
  judge.compared();
  const Place& first = entry->second;
  if (first.segment == read.segment && first.offset == read.offset) return;
  judge.violated({.failure_class = "stored_twice",
                  .seen = fmt::format("event {} ({} k{}#{}) at {} of {} and at {} of {}", read.uid,
                                      read.writer, read.key, read.sequence, first.offset,
                                      to_text(first.segment), read.offset, to_text(read.segment)),
                  .expected = "one place for one event",
                  .evidence = {first.at, at}});
}

// --- PHA-1 ---

void NoPhantoms::on(const StreamKnown& known, At /*at*/, Judge& /*judge*/) {
  layouts_.try_emplace(known.stream, SegmentMap::equal_split(known.stream, known.segments));
}

void NoPhantoms::on(const AppendInvoked& invoked, At at, Judge& /*judge*/) {
  written_[invoked.uid] = {.stream = invoked.stream,
                           .writer = invoked.writer,
                           .key = invoked.key,
                           .sequence = invoked.sequence,
                           .at = at,
                           .failed_at = {},
                           .read_at = {}};
}

void NoPhantoms::on(const AppendFailed& failed, At at, Judge& judge) {
  const auto found = written_.find(failed.uid);
  if (found == written_.end()) return;
  found->second.failed_at = at;
  judge_failed(failed.uid, found->second, judge);
}

void NoPhantoms::on(const EventRead& read, At at, Judge& judge) {
  judge.compared();
  const auto found = written_.find(read.uid);
  if (found == written_.end()) {
    judge.violated({.failure_class = "never_written",
                    .seen = fmt::format("event {} at {} of {}, which nobody wrote", read.uid,
                                        read.offset, to_text(read.segment)),
                    .expected = "an event that a client wrote",
                    .evidence = {at}});
    return;
  }
  Written& written = found->second;
  const bool is_same = written.stream == read.segment.stream && written.writer == read.writer &&
                       written.key == read.key && written.sequence == read.sequence;
  if (!is_same) {
    judge.violated({.failure_class = "altered",
                    .seen = fmt::format("event {} read as {} k{}#{} from {}", read.uid, read.writer,
                                        read.key, read.sequence, to_text(read.segment)),
                    .expected = fmt::format("{} k{}#{} in {}", written.writer, written.key,
                                            written.sequence, to_text(written.stream)),
                    .evidence = {written.at, at}});
    return;
  }
  written.read_at = at;
  judge_route(read, at, judge);
  judge_failed(read.uid, written, judge);
}

void NoPhantoms::on(const DamagedRead& read, At at, Judge& judge) {
  judge.compared();
  // Without confirmation it is not the stored bytes that are wrong; ORD-2 judges that.
  if (!read.is_confirmed) return;
  judge.violated({.failure_class = "damaged",
                  .seen = fmt::format("{} at {}: {}", to_text(read.segment), read.offset, read.why),
                  .expected = "whole events with a good checksum",
                  .evidence = {at}});
}

void NoPhantoms::judge_route(const EventRead& read, At at, Judge& judge) {
  const auto layout = layouts_.find(read.segment.stream);
  if (layout == layouts_.end()) return;
  const KeyHash hash = hash_routing_key(fmt::format("k{}", read.key));
  const SegmentId& home = layout->second.segment_of(hash);
  if (home == read.segment) return;
  judge.violated(
      {.failure_class = "wrong_segment",
       .seen = fmt::format("event {} of key k{} in {}", read.uid, read.key, to_text(read.segment)),
       .expected = to_text(home),
       .evidence = {at}});
}

void NoPhantoms::judge_failed(std::uint64_t uid, const Written& written, Judge& judge) {
  if (written.failed_at.record == 0 || written.read_at.record == 0) return;
  judge.violated({.failure_class = "failed_append_stored",
                  .seen = fmt::format("event {} was read, and its append reported as failed", uid),
                  .expected = "a failed append that never happens",
                  .evidence = {written.at, written.failed_at, written.read_at}});
}

// --- OFF-1 ---

void WriteOnceOffsets::on(const AppendAcked& acked, At at, Judge& judge) {
  if (!acked.has_offset) return;
  judge_place(acked.uid, {.segment = acked.segment, .offset = acked.offset, .at = at}, judge);
}

void WriteOnceOffsets::on(const EventRead& read, At at, Judge& judge) {
  judge_place(read.uid, {.segment = read.segment, .offset = read.offset, .at = at}, judge);
}

void WriteOnceOffsets::judge_place(std::uint64_t uid, const Place& place, Judge& judge) {
  const auto [known, is_new] = places_.try_emplace(uid, place);
  const auto [user, is_free] = offsets_.try_emplace(std::pair(place.segment, place.offset), uid);
  if (is_new && is_free) return;
  judge.compared();
  const Place& before = known->second;
  if (before.segment != place.segment || before.offset != place.offset) {
    judge.violated(
        {.failure_class = "moved",
         .seen = fmt::format("event {} at {} of {}, before at {} of {}", uid, place.offset,
                             to_text(place.segment), before.offset, to_text(before.segment)),
         .expected = "one offset for one event",
         .evidence = {before.at, place.at}});
    return;
  }
  if (user->second == uid) return;
  judge.violated({.failure_class = "offset_used_twice",
                  .seen = fmt::format("events {} and {} at {} of {}", user->second, uid,
                                      place.offset, to_text(place.segment)),
                  .expected = "one event at an offset",
                  .evidence = {places_[user->second].at, place.at}});
}

}  // namespace millrace::properties
