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
  Segment& segment = segments_[acked.segment];
  Acked& known = segment.acked[acked.uid];
  if (acked.has_offset) {
    known = {.has_offset = true, .offset = acked.offset, .end = acked.end, .at = at};
    Lengths& lengths = segment.lengths;
    if (lengths.empty() || lengths.back().second < acked.end) {
      lengths.emplace_back(at.record, acked.end);
    }
  } else if (known.at.record == 0) {
    const std::uint64_t* const invoked = invoked_.find(acked.uid);
    const std::uint64_t least = invoked == nullptr ? 0 : length_before(segment.lengths, *invoked);
    known = {.has_offset = false, .offset = least, .end = least, .at = at};
  }
}

/// The length that was acknowledged before a record.
std::uint64_t AckedIsDurable::length_before(const Lengths& lengths, std::uint64_t record) {
  const auto later = std::ranges::lower_bound(lengths, record, {}, &Lengths::value_type::first);
  return later == lengths.begin() ? 0 : std::prev(later)->second;
}

void AckedIsDurable::on(const EventRead& read, At /*at*/, Judge& /*judge*/) {
  read_[read.pass].push_back(read.uid);
}

void AckedIsDurable::on(const SegmentScanned& scanned, At at, Judge& judge) {
  std::vector<std::uint64_t>& read = read_[scanned.pass];
  std::ranges::sort(read);
  std::vector<std::pair<std::uint64_t, Acked>> lost;
  for (const auto& [uid, acked] : segments_[scanned.segment].acked.entries()) {
    const bool may_be_truncated = acked.offset < scanned.start;
    if (may_be_truncated) continue;
    judge.compared();
    if (!std::ranges::binary_search(read, uid)) lost.emplace_back(uid, acked);
  }
  std::ranges::sort(lost, {}, &std::pair<std::uint64_t, Acked>::first);
  for (const auto& [uid, acked] : lost) {
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
  const auto [last, is_pass_new] = last_.at(read.pass);
  if (!is_pass_new) {
    judge.compared();
    if (read.offset <= last.offset) {
      judge.violated({.failure_class = "delivered_twice",
                      .seen = fmt::format("{} was given {} of {} after {}", read.pass, read.offset,
                                          to_text(read.segment), last.offset),
                      .expected = "a pass that only goes on",
                      .evidence = {last.at, at}});
    }
  }
  last = {.offset = read.offset, .at = at};
  const auto [first, is_first] = first_.at(read.uid);
  if (is_first) {
    first = {.segment = read.segment, .offset = read.offset, .at = at};
    return;
  }
  judge.compared();
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
                           .read_at = {},
                           .home = {}};
}

void NoPhantoms::on(const AppendFailed& failed, At at, Judge& judge) {
  Written* const written = written_.find(failed.uid);
  if (written == nullptr) return;
  written->failed_at = at;
  judge_failed(failed.uid, *written, judge);
}

void NoPhantoms::on(const EventRead& read, At at, Judge& judge) {
  judge.compared();
  Written* const found = written_.find(read.uid);
  if (found == nullptr) {
    judge.violated({.failure_class = "never_written",
                    .seen = fmt::format("event {} at {} of {}, which nobody wrote", read.uid,
                                        read.offset, to_text(read.segment)),
                    .expected = "an event that a client wrote",
                    .evidence = {at}});
    return;
  }
  Written& written = *found;
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
  judge_route(read, written, at, judge);
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

void NoPhantoms::judge_route(const EventRead& read, Written& written, At at, Judge& judge) {
  if (!written.home.has_value()) {
    const auto layout = layouts_.find(written.stream);
    if (layout == layouts_.end()) return;
    const KeyHash hash = hash_routing_key(fmt::format("k{}", written.key));
    written.home = layout->second.segment_of(hash).number;
  }
  if (*written.home == read.segment.number) return;
  judge.violated(
      {.failure_class = "wrong_segment",
       .seen = fmt::format("event {} of key k{} in {}", read.uid, read.key, to_text(read.segment)),
       .expected = to_text(SegmentId{.stream = written.stream, .number = *written.home}),
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
  judge_place(acked.uid, acked.segment, acked.offset, at, judge);
}

void WriteOnceOffsets::on(const EventRead& read, At at, Judge& judge) {
  judge_place(read.uid, read.segment, read.offset, at, judge);
}

void WriteOnceOffsets::judge_place(std::uint64_t uid, const SegmentId& segment,
                                   std::uint64_t offset, At at, Judge& judge) {
  OffsetTable<std::uint64_t>& offsets = segments_[segment];
  const auto [index, is_free] = offsets.at(offset);
  std::uint64_t& user = offsets[index].value;
  if (is_free) user = uid;
  if (!is_free && user == uid) {
    // Whoever made it the event's place has compared it with any other.
    judge.compared();
    return;
  }
  const auto [before, is_new] = places_.at(uid);
  if (is_new) before = {.segment = segment, .offset = offset, .at = at};
  if (is_new && is_free) return;
  judge.compared();
  if (before.segment != segment || before.offset != offset) {
    judge.violated({.failure_class = "moved",
                    .seen = fmt::format("event {} at {} of {}, before at {} of {}", uid, offset,
                                        to_text(segment), before.offset, to_text(before.segment)),
                    .expected = "one offset for one event",
                    .evidence = {before.at, at}});
    return;
  }
  judge.violated(
      {.failure_class = "offset_used_twice",
       .seen = fmt::format("events {} and {} at {} of {}", user, uid, offset, to_text(segment)),
       .expected = "one event at an offset",
       .evidence = {places_[user].at, at}});
}

}  // namespace millrace::properties
