#include "properties/appends.h"

#include <fmt/format.h>

namespace millrace::properties {

// --- APP-1 ---

void ConditionalAppend::on(const ConditionalInvoked& invoked, At at, Judge& /*judge*/) {
  open_[invoked.uid] = {.segment = invoked.segment,
                        .expected_offset = invoked.expected_offset,
                        .length = lengths_[invoked.segment],
                        .at = at};
}

void ConditionalAppend::on(const AppendAcked& acked, At at, Judge& judge) {
  if (!acked.has_offset) return;
  lengths_[acked.segment].raise(acked.end, at);
  const auto found = open_.find(acked.uid);
  if (found == open_.end()) return;
  judge.compared();
  const Open& open = found->second;
  if (acked.offset == open.expected_offset && acked.segment == open.segment) return;
  judge.violated(
      {.failure_class = "wrong_place",
       .seen = fmt::format("event {} was appended at {} of {}", acked.uid, acked.offset,
                           to_text(acked.segment)),
       .expected = fmt::format("at {} of {}", open.expected_offset, to_text(open.segment)),
       .evidence = {open.at, at}});
}

void ConditionalAppend::on(const ConditionalAnswered& answered, At at, Judge& judge) {
  const auto found = open_.find(answered.uid);
  if (found == open_.end()) return;
  const Open open = found->second;
  // A success is judged by its acknowledgement, which follows and names the place.
  if (answered.is_appended) return;
  open_.erase(found);
  judge.compared();
  if (answered.length == open.expected_offset) {
    judge.violated({.failure_class = "lying_refusal",
                    .seen = fmt::format("refused, because {} has length {}", to_text(open.segment),
                                        answered.length),
                    .expected = "success: that is the expected length",
                    .evidence = {open.at, at}});
  } else if (answered.length < open.length.value) {
    judge.violated({.failure_class = "stale_refusal",
                    .seen = fmt::format("refused, because {} has length {}, after an append up to "
                                        "{} was acknowledged",
                                        to_text(open.segment), answered.length, open.length.value),
                    .expected = fmt::format("a length of at least {}", open.length.value),
                    .evidence = {open.length.at, open.at, at}});
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
