// Violations about conditional appends and about a writer's event numbers.

#include <algorithm>
#include <array>
#include <string>

#include "system/base/error.h"
#include "tests/properties/history_mutations.h"
#include "tests/properties/recorded_search.h"

namespace millrace::properties {
namespace {

constexpr std::uint64_t kGapEvents = 1'000'000;

Sites refusals(const Recording& all) {
  return sites_of<ConditionalAnswered>(
      all, [](std::size_t, const ConditionalAnswered& answered) { return !answered.is_appended; });
}

const ConditionalInvoked& condition_of(const Recording& all, std::uint64_t uid) {
  const auto index = last_before<ConditionalInvoked>(
      all, all.size(), [&](const ConditionalInvoked& invoked) { return invoked.uid == uid; });
  return *get<ConditionalInvoked>(all, *index);
}

Sites refusals_after_an_ack(const Recording& all) {
  return sites_of<ConditionalAnswered>(
      all, [&](std::size_t site, const ConditionalAnswered& answered) {
        if (answered.is_appended) return false;
        const auto invoked = *last_before<ConditionalInvoked>(
            all, site, [&](const ConditionalInvoked& other) { return other.uid == answered.uid; });
        return is_acked_before(all, invoked, get<ConditionalInvoked>(all, invoked)->segment);
      });
}

/// What is known of the resender before a place: how many events it sent behind no gap, and how
/// many are known to be stored.
struct Counts {
  std::uint64_t sent = 0;
  std::uint64_t done = 0;
};

const BlockInvoked& block_of(const Recording& all, std::size_t site) {
  const std::uint64_t operation = get<BlockAnswered>(all, site)->operation;
  return *get<BlockInvoked>(all, request_of<BlockInvoked>(all, site, operation));
}

Counts counts_before(const Recording& all, std::size_t end) {
  Counts counts;
  for (std::size_t i = 0; i < end; ++i) {
    if (const auto* const block = get<BlockInvoked>(all, i)) {
      if (block->first < kGapEvents) counts.sent = std::max(counts.sent, block->last + 1);
    } else if (const auto* const answered = get<BlockAnswered>(all, i)) {
      if (answered->is_acked) counts.done = std::max(counts.done, block_of(all, i).last + 1);
    } else if (const auto* const told = get<WriterAnswered>(all, i)) {
      counts.done = std::max(counts.done, told->count);
    }
  }
  return counts;
}

Counts counts_before_request(const Recording& all, std::size_t site) {
  const std::uint64_t operation = get<BlockAnswered>(all, site)->operation;
  return counts_before(all, request_of<BlockInvoked>(all, site, operation));
}

Sites refused_gaps(const Recording& all) {
  return sites_of<BlockAnswered>(all, [&](std::size_t site, const BlockAnswered& answered) {
    return !answered.is_acked && block_of(all, site).first >= kGapEvents;
  });
}

Sites refused_overlaps(const Recording& all) {
  return sites_of<BlockAnswered>(all, [&](std::size_t site, const BlockAnswered& answered) {
    const BlockInvoked& block = block_of(all, site);
    const Counts counts = counts_before_request(all, site);
    return !answered.is_acked && block.first < counts.done && block.last >= counts.sent;
  });
}

Sites acked_repetitions(const Recording& all) {
  return sites_of<BlockAnswered>(all, [&](std::size_t site, const BlockAnswered& answered) {
    return answered.is_acked && block_of(all, site).last < counts_before_request(all, site).done;
  });
}

Sites placed_repetitions(const Recording& all) {
  return sites_of<BlockAnswered>(all, [&](std::size_t site, const BlockAnswered& answered) {
    if (!answered.is_acked || !answered.has_offset) return false;
    const BlockInvoked& block = block_of(all, site);
    for (std::size_t i = 0; i < site; ++i) {
      const auto* const before = get<BlockAnswered>(all, i);
      if (before == nullptr || !before->is_acked || !before->has_offset) continue;
      const BlockInvoked& other = block_of(all, i);
      if (other.first == block.first && other.last == block.last) return true;
    }
    return false;
  });
}

Sites answers_about_known_events(const Recording& all) {
  return sites_of<WriterAnswered>(all, [&](std::size_t site, const WriterAnswered& answered) {
    return counts_before(all, request_of<WriterAsked>(all, site, answered.operation)).done > 0;
  });
}

void make_acked(Recording& all, std::size_t site) {
  BlockAnswered& answered = the<BlockAnswered>(all, site);
  answered.is_acked = true;
  answered.code.clear();
}

const std::array kOfConditions{
    ViolationCase{"a conditional append is refused at its length",
                  {"APP-1"},
                  {},
                  refusals,
                  [](Recording& all, std::size_t site) {
                    auto& answered = the<ConditionalAnswered>(all, site);
                    answered.length = condition_of(all, answered.uid).expected_offset;
                  }},
    ViolationCase{
        "a conditional append is refused with a length of long ago",
        {"APP-1"},
        {},
        refusals_after_an_ack,
        [](Recording& all, std::size_t site) { the<ConditionalAnswered>(all, site).length = 0; }},
    ViolationCase{"a conditional append that happened is refused",
                  {"APP-1"},
                  {},
                  [](const Recording& all) {
                    return sites_of<ConditionalAnswered>(
                        all, [](std::size_t, const ConditionalAnswered& answered) {
                          return answered.is_appended;
                        });
                  },
                  [](Recording& all, std::size_t site) {
                    the<ConditionalAnswered>(all, site).is_appended = false;
                  }},
    ViolationCase{"a block behind a gap is taken", {"APP-2"}, {}, refused_gaps, make_acked},
    ViolationCase{"a block is taken that is partly a repetition",
                  {"APP-2"},
                  {},
                  refused_overlaps,
                  make_acked},
    ViolationCase{"a repeated block is refused",
                  {"APP-2"},
                  {},
                  acked_repetitions,
                  [](Recording& all, std::size_t site) {
                    BlockAnswered& answered = the<BlockAnswered>(all, site);
                    answered.is_acked = false;
                    answered.code = std::string(to_text(Errc::kBadEventNumber));
                  }},
    ViolationCase{"a repeated block lies elsewhere",
                  {"APP-2"},
                  {},
                  placed_repetitions,
                  [](Recording& all, std::size_t site) { ++the<BlockAnswered>(all, site).offset; }},
    ViolationCase{
        "a writer's events are forgotten",
        {"APP-2"},
        {},
        answers_about_known_events,
        [](Recording& all, std::size_t site) { the<WriterAnswered>(all, site).count = 0; }},
    ViolationCase{
        "a writer has more events than it sent",
        {"APP-2"},
        {},
        [](const Recording& all) { return sites_of<WriterAnswered>(all, is_any<WriterAnswered>); },
        [](Recording& all, std::size_t site) { the<WriterAnswered>(all, site).count += kMany; }},
};

}  // namespace

std::span<const ViolationCase> violations_of_appends() { return kOfConditions; }

}  // namespace millrace::properties
