#include "properties/appends.h"

#include <fmt/format.h>

namespace millrace::properties {

// --- APP-1 ---

void ConditionalAppend::on(const ConditionalInvoked& invoked, At at, Judge& /*judge*/) {
  std::uint32_t& append = events_[ledger_.event(invoked.uid)].append;
  if (append == 0) append = ++append_count_;
  appends_[append] = {.segment = invoked.segment,
                      .expected_offset = invoked.expected_offset,
                      .length = lengths_[ledger_.segment(invoked.segment)],
                      .at = at,
                      .refused_at = {}};
}

void ConditionalAppend::on(const AppendAcked& acked, At at, Judge& judge) {
  Event& event = events_[ledger_.event(acked.uid)];
  if (event.stored == 0) event.stored = ledger_.keep(at);
  if (!acked.has_offset) return;
  lengths_[ledger_.segment(acked.segment)].raise(acked.end, at);
  if (event.append == 0) return;
  judge_place(appends_[event.append], acked.uid, acked.segment, acked.offset, at, judge);
}

void ConditionalAppend::on(const EventRead& read, At at, Judge& judge) {
  Event& event = events_[ledger_.event(read.uid)];
  if (event.stored == 0) event.stored = ledger_.keep(at);
  if (event.append == 0) return;
  judge_place(appends_[event.append], read.uid, read.segment, read.offset, at, judge);
}

void ConditionalAppend::judge_place(const Append& append, std::uint64_t uid,
                                    const SegmentId& segment, std::uint64_t offset, At at,
                                    Judge& judge) {
  judge.compared();
  if (offset != append.expected_offset || segment != append.segment) {
    judge.violated(
        {.failure_class = "wrong_place",
         .seen = fmt::format("event {} was appended at {} of {}", uid, offset, to_text(segment)),
         .expected = fmt::format("at {} of {}", append.expected_offset, to_text(append.segment)),
         .evidence = {append.at, at}});
  } else if (append.refused_at.record != 0) {
    judge.violated({.failure_class = "refused_yet_stored",
                    .seen = fmt::format("event {} is at {} of {}, and its append was refused", uid,
                                        offset, to_text(segment)),
                    .expected = "a refused append that never happens",
                    .evidence = {append.at, append.refused_at, at}});
  }
}

void ConditionalAppend::on(const ConditionalAnswered& answered, At at, Judge& judge) {
  const Event& event = events_[ledger_.event(answered.uid)];
  // A success is judged by its acknowledgement and by who reads it: they name the place.
  if (event.append == 0 || answered.is_appended) return;
  Append& append = appends_[event.append];
  append.refused_at = at;
  judge.compared();
  if (event.stored != 0) {
    judge.violated({.failure_class = "refused_yet_stored",
                    .seen = fmt::format("event {} was refused, because {} has length {}, and it is "
                                        "stored there",
                                        answered.uid, to_text(append.segment), answered.length),
                    .expected = "an acknowledgement: it did happen",
                    .evidence = {ledger_.kept(event.stored), append.at, at}});
    return;
  }
  judge_refusal(append, answered.length, at, judge);
}

void ConditionalAppend::judge_refusal(const Append& append, std::uint64_t length, At at,
                                      Judge& judge) {
  if (length == append.expected_offset) {
    judge.violated(
        {.failure_class = "lying_refusal",
         .seen = fmt::format("refused, because {} has length {}", to_text(append.segment), length),
         .expected = "success: that is the expected length",
         .evidence = {append.at, at}});
  } else if (length < append.length.value) {
    judge.violated({.failure_class = "stale_refusal",
                    .seen = fmt::format("refused, because {} has length {}, after an append up to "
                                        "{} was acknowledged",
                                        to_text(append.segment), length, append.length.value),
                    .expected = fmt::format("a length of at least {}", append.length.value),
                    .evidence = {append.length.at, append.at, at}});
  }
}

// --- APP-2 ---

void IdempotentAppend::on(const BlockInvoked& invoked, At at, Judge& /*judge*/) {
  const WriterKey key{invoked.segment, invoked.writer_id};
  Writer& writer = writers_[key];
  const bool is_gap = invoked.first > writer.sent.value;
  open_[invoked.operation] = {.writer = key,
                              .first = invoked.first,
                              .last = invoked.last,
                              .done = writer.done,
                              .sent = writer.sent.value,
                              .is_gap = is_gap};
  // What lies behind a gap can never be taken, so it does not count as sent.
  if (!is_gap) writer.sent.raise(invoked.last + 1, at);
}

void IdempotentAppend::on(const BlockAnswered& answered, At at, Judge& judge) {
  const auto found = open_.find(answered.operation);
  if (found == open_.end()) return;
  const Open open = found->second;
  open_.erase(found);
  if (answered.is_acked) {
    judge_acked(open, answered, at, judge);
    return;
  }
  // These say that the block is not stored. Other refusals say nothing about the numbers.
  const bool denies =
      answered.code == to_text(Errc::kBadEventNumber) || answered.code == to_text(Errc::kBadOffset);
  if (!denies) return;
  judge.compared();
  if (open.last >= open.done.value) return;
  judge.violated({.failure_class = "repeat_refused",
                  .seen = fmt::format("block {}..{} was refused, though {} events are acknowledged",
                                      open.first, open.last, open.done.value),
                  .expected = "an acknowledgement: nothing in it is new",
                  .evidence = {open.done.at, at}});
}

void IdempotentAppend::judge_acked(const Open& open, const BlockAnswered& answered, At at,
                                   Judge& judge) {
  Writer& writer = writers_[open.writer];
  judge.compared();
  if (open.is_gap) {
    judge.violated({.failure_class = "gap_accepted",
                    .seen = fmt::format("block {}..{} was acknowledged, of a writer that had sent "
                                        "{} events",
                                        open.first, open.last, writer.sent.value),
                    .expected = "a refusal: numbers before it are missing",
                    .evidence = {at}});
    return;
  }
  // An earlier block without an answer may have been taken whole, so that nothing in this one is
  // new.
  const bool overlaps = open.first < open.done.value && open.last >= open.sent;
  if (overlaps) {
    judge.violated({.failure_class = "overlap_accepted",
                    .seen = fmt::format("block {}..{} was acknowledged after {} events were",
                                        open.first, open.last, open.done.value),
                    .expected = "a refusal: it is partly a repetition",
                    .evidence = {open.done.at, at}});
    return;
  }
  writer.done.raise(open.last + 1, at);
  if (!answered.has_offset) return;
  const auto [entry, is_first] = writer.acked.try_emplace(
      open.first, Block{.last = open.last, .offset = answered.offset, .at = at});
  const Block& before = entry->second;
  if (is_first || before.last != open.last || before.offset == answered.offset) return;
  judge.violated({.failure_class = "moved",
                  .seen = fmt::format("block {}..{} acknowledged at {}, before at {}", open.first,
                                      open.last, answered.offset, before.offset),
                  .expected = "the place of the first copy",
                  .evidence = {before.at, at}});
}

void IdempotentAppend::on(const WriterAsked& asked, At /*at*/, Judge& /*judge*/) {
  const WriterKey key{asked.segment, asked.writer_id};
  open_[asked.operation] = {
      .writer = key, .first = 0, .last = 0, .done = writers_[key].done, .sent = 0, .is_gap = false};
}

void IdempotentAppend::on(const WriterAnswered& answered, At at, Judge& judge) {
  const auto found = open_.find(answered.operation);
  if (found == open_.end()) return;
  const Open open = found->second;
  open_.erase(found);
  Writer& writer = writers_[open.writer];
  judge.compared();
  if (answered.count < open.done.value) {
    judge.violated({.failure_class = "forgotten",
                    .seen = fmt::format("the store knows {} events of the writer, after {} were "
                                        "acknowledged",
                                        answered.count, open.done.value),
                    .expected = fmt::format("at least {}", open.done.value),
                    .evidence = {open.done.at, at}});
  } else if (answered.count > writer.sent.value) {
    judge.violated({.failure_class = "invented",
                    .seen = fmt::format("the store knows {} events of the writer, which sent {}",
                                        answered.count, writer.sent.value),
                    .expected = fmt::format("at most {}", writer.sent.value),
                    .evidence = {at}});
  }
  writer.done.raise(answered.count, at);
}

}  // namespace millrace::properties
