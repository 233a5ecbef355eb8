#include "properties/stored.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace millrace::properties {

// --- DUR-1 ---

void AckedIsDurable::on(const AppendInvoked& invoked, At at, Judge& /*judge*/) {
  invoked_[ledger_.event(invoked.uid)] = ledger_.keep(at);
}

void AckedIsDurable::on(const AppendAcked& acked, At at, Judge& /*judge*/) {
  const std::uint32_t event = ledger_.event(acked.uid);
  Segment& segment = segments_[ledger_.segment(acked.segment)];
  Acked& known = segment.acked[event];
  if (acked.has_offset) {
    known = {
        .offset = acked.offset, .end = acked.end, .stamp = ledger_.keep(at), .has_offset = true};
    Lengths& lengths = segment.lengths;
    if (lengths.empty() || lengths.back().second < acked.end) {
      lengths.emplace_back(at.record, acked.end);
    }
  } else if (known.stamp == 0) {
    const std::uint32_t invoked = invoked_[event];
    const std::uint64_t least =
        invoked == 0 ? 0 : length_before(segment.lengths, ledger_.record_of(invoked));
    known = {.offset = least, .end = least, .stamp = ledger_.keep(at), .has_offset = false};
  }
}

/// The length that was acknowledged before a record.
std::uint64_t AckedIsDurable::length_before(const Lengths& lengths, std::uint64_t record) {
  const auto later = std::ranges::lower_bound(lengths, record, {}, &Lengths::value_type::first);
  return later == lengths.begin() ? 0 : std::prev(later)->second;
}

void AckedIsDurable::on(const EventRead& read, At /*at*/, Judge& /*judge*/) {
  read_[ledger_.pass(read.pass)].push_back(ledger_.event(read.uid));
}

void AckedIsDurable::on(const SegmentScanned& scanned, At at, Judge& judge) {
  std::vector<bool> is_read(std::size_t{ledger_.event_count()} + 1);
  for (const std::uint32_t event : read_[ledger_.pass(scanned.pass)]) is_read[event] = true;
  std::vector<std::pair<std::uint64_t, Acked>> lost;  // By uid.
  const Segment& segment = segments_[ledger_.segment(scanned.segment)];
  segment.acked.each([&](std::uint32_t event, const Acked& acked) {
    const bool may_be_truncated = acked.offset < scanned.start;
    if (may_be_truncated) return;
    judge.compared();
    if (!is_read[event]) lost.emplace_back(ledger_.uid_of(event), acked);
  });
  std::ranges::sort(lost, {}, &std::pair<std::uint64_t, Acked>::first);
  for (const auto& [uid, acked] : lost) {
    const std::string place =
        acked.has_offset ? fmt::format("at {}..{}", acked.offset, acked.end) : "somewhere";
    judge.violated({.failure_class = "lost",
                    .seen = fmt::format("{} ends at {}: event {} was acknowledged {}, yet the "
                                        "last scan does not have it",
                                        to_text(scanned.segment), scanned.end, uid, place),
                    .expected = fmt::format("event {} {}", uid, place),
                    .evidence = {ledger_.kept(acked.stamp), at}});
  }
}

// --- DUP-1 ---

void NoDuplicates::on(const EventRead& read, At at, Judge& judge) {
  Read& last = last_[ledger_.pass(read.pass)];
  if (last.stamp.is_set()) {
    judge.compared();
    if (read.offset <= last.offset) {
      judge.violated({.failure_class = "delivered_twice",
                      .seen = fmt::format("{} was given {} of {} after {}", read.pass, read.offset,
                                          to_text(read.segment), last.offset),
                      .expected = "a pass that only goes on",
                      .evidence = {last.stamp.at(), at}});
    }
  }
  last = {.offset = read.offset, .stamp = Stamp(at)};
  const std::uint32_t segment = ledger_.segment(read.segment);
  Place& first = first_[ledger_.event(read.uid)];
  if (first.stamp == 0) {
    first = {.segment = segment, .stamp = ledger_.keep(at), .offset = read.offset};
    return;
  }
  judge.compared();
  if (first.segment == segment && first.offset == read.offset) return;
  judge.violated({.failure_class = "stored_twice",
                  .seen = fmt::format("event {} ({} k{}#{}) at {} of {} and at {} of {}", read.uid,
                                      read.writer, read.key, read.sequence, first.offset,
                                      to_text(ledger_.segment_of(first.segment)), read.offset,
                                      to_text(read.segment)),
                  .expected = "one place for one event",
                  .evidence = {ledger_.kept(first.stamp), at}});
}

// --- PHA-1 ---

void NoPhantoms::on(const StreamKnown& known, At /*at*/, Judge& /*judge*/) {
  std::optional<SegmentMap>& layout = layouts_[ledger_.stream(known.stream)];
  if (!layout.has_value()) layout = SegmentMap::equal_split(known.stream, known.segments);
}

void NoPhantoms::on(const AppendInvoked& invoked, At at, Judge& /*judge*/) {
  written_[ledger_.event(invoked.uid)] = {.sequence = invoked.sequence,
                                          .read = {},
                                          .stamp = ledger_.keep(at),
                                          .failed = 0,
                                          .stream = ledger_.stream(invoked.stream),
                                          .writer = ledger_.writer(invoked.writer),
                                          .key = invoked.key,
                                          .home = kUnknown};
}

void NoPhantoms::on(const AppendFailed& failed, At at, Judge& judge) {
  Written& written = written_[ledger_.event(failed.uid)];
  if (written.stamp == 0) return;
  written.failed = ledger_.keep(at);
  judge_failed(failed.uid, written, judge);
}

void NoPhantoms::on(const EventRead& read, At at, Judge& judge) {
  judge.compared();
  Written& written = written_[ledger_.event(read.uid)];
  if (written.stamp == 0) {
    judge.violated({.failure_class = "never_written",
                    .seen = fmt::format("event {} at {} of {}, which nobody wrote", read.uid,
                                        read.offset, to_text(read.segment)),
                    .expected = "an event that a client wrote",
                    .evidence = {at}});
    return;
  }
  const StreamName& stream = ledger_.stream_of(written.stream);
  const std::string& writer = ledger_.writer_of(written.writer);
  const bool is_same = stream == read.segment.stream && writer == read.writer &&
                       written.key == read.key && written.sequence == read.sequence;
  if (!is_same) {
    judge.violated({.failure_class = "altered",
                    .seen = fmt::format("event {} read as {} k{}#{} from {}", read.uid, read.writer,
                                        read.key, read.sequence, to_text(read.segment)),
                    .expected = fmt::format("{} k{}#{} in {}", writer, written.key,
                                            written.sequence, to_text(stream)),
                    .evidence = {ledger_.kept(written.stamp), at}});
    return;
  }
  written.read = Stamp(at);
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
  if (written.home == kUnknown) written.home = home_of(written.stream, written.key);
  if (written.home == kUnknown || written.home == read.segment.number) return;
  const SegmentId home{.stream = read.segment.stream, .number = written.home};
  judge.violated(
      {.failure_class = "wrong_segment",
       .seen = fmt::format("event {} of key k{} in {}", read.uid, read.key, to_text(read.segment)),
       .expected = to_text(home),
       .evidence = {at}});
}

/// The number of the segment to which a key belongs; kUnknown while its stream's layout is.
std::uint32_t NoPhantoms::home_of(std::uint32_t stream, std::uint32_t key) {
  const std::optional<SegmentMap>& layout = layouts_[stream];
  if (!layout.has_value()) return kUnknown;
  const auto [home, is_new] = homes_.at(std::tuple(stream, key));
  if (is_new) home = layout->segment_of(hash_routing_key(fmt::format("k{}", key))).number;
  return home;
}

void NoPhantoms::judge_failed(std::uint64_t uid, const Written& written, Judge& judge) {
  if (written.failed == 0 || !written.read.is_set()) return;
  judge.violated(
      {.failure_class = "failed_append_stored",
       .seen = fmt::format("event {} was read, and its append reported as failed", uid),
       .expected = "a failed append that never happens",
       .evidence = {ledger_.kept(written.stamp), ledger_.kept(written.failed), written.read.at()}});
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
  const std::uint32_t event = ledger_.event(uid);
  const std::uint32_t segment_number = ledger_.segment(segment);
  OffsetTable<std::uint32_t>& offsets = segments_[segment_number];
  const auto [index, is_free] = offsets.at(offset);
  std::uint32_t& user = offsets[index].value;
  if (is_free) user = event;
  if (!is_free && user == event) {
    // Whoever made it the event's place has compared it with any other.
    judge.compared();
    return;
  }
  Place& before = places_[event];
  const bool is_new = before.stamp == 0;
  if (is_new) before = {.segment = segment_number, .stamp = ledger_.keep(at), .offset = offset};
  if (is_new && is_free) return;
  judge.compared();
  if (before.segment != segment_number || before.offset != offset) {
    judge.violated({.failure_class = "moved",
                    .seen = fmt::format("event {} at {} of {}, before at {} of {}", uid, offset,
                                        to_text(segment), before.offset,
                                        to_text(ledger_.segment_of(before.segment))),
                    .expected = "one offset for one event",
                    .evidence = {ledger_.kept(before.stamp), at}});
    return;
  }
  judge.violated({.failure_class = "offset_used_twice",
                  .seen = fmt::format("events {} and {} at {} of {}", ledger_.uid_of(user), uid,
                                      offset, to_text(segment)),
                  .expected = "one event at an offset",
                  .evidence = {ledger_.kept(places_[user].stamp), at}});
}

}  // namespace millrace::properties
