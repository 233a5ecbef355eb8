// Violations about events: what is stored, where, and what readers are given.

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "system/base/error.h"
#include "tests/properties/history_mutations.h"
#include "tests/properties/recorded_search.h"

namespace millrace::properties {
namespace {

/// The next record of the same pass.
std::optional<std::size_t> next_of_pass(const Recording& all, std::size_t site) {
  const std::string& pass = get<EventRead>(all, site)->pass;
  for (std::size_t i = site + 1; i < all.size(); ++i) {
    const auto* const read = get<EventRead>(all, i);
    if (read != nullptr && read->pass == pass) return i;
  }
  return std::nullopt;
}

/// The next event of the same writer and key in the same pass.
std::optional<std::size_t> next_of_key(const Recording& all, std::size_t site) {
  const EventRead& read = *get<EventRead>(all, site);
  for (auto next = next_of_pass(all, site); next.has_value(); next = next_of_pass(all, *next)) {
    const EventRead& other = *get<EventRead>(all, *next);
    if (other.writer == read.writer && other.key == read.key) return next;
  }
  return std::nullopt;
}

Sites acked_reads_of_the_scan(const Recording& all) {
  return sites_of<EventRead>(all, [&](std::size_t, const EventRead& read) {
    return is_scan(read) && is_placed(all, read.uid);
  });
}

Sites placed_acks_of_read_events(const Recording& all) {
  return sites_of<AppendAcked>(all, [&](std::size_t, const AppendAcked& acked) {
    return acked.has_offset && is_read(all, acked.uid) && !is_conditional(all, acked.uid);
  });
}

Sites placed_conditional_acks(const Recording& all) {
  return sites_of<AppendAcked>(all, [&](std::size_t, const AppendAcked& acked) {
    return acked.has_offset && is_conditional(all, acked.uid);
  });
}

Sites placed_acks(const Recording& all) {
  return sites_of<AppendAcked>(
      all, [](std::size_t, const AppendAcked& acked) { return acked.has_offset; });
}

std::optional<std::size_t> placed_ack_before(const Recording& all, std::size_t site) {
  const AppendAcked& acked = *get<AppendAcked>(all, site);
  return last_before<AppendAcked>(all, site, [&](const AppendAcked& other) {
    return other.has_offset && other.segment == acked.segment && other.uid != acked.uid;
  });
}

Sites later_placed_acks(const Recording& all) {
  return sites_of<AppendAcked>(all, [&](std::size_t site, const AppendAcked& acked) {
    return acked.has_offset && placed_ack_before(all, site).has_value();
  });
}

Sites reads(const Recording& all) { return sites_of<EventRead>(all, is_any<EventRead>); }

Sites placed_reads(const Recording& all) {
  return sites_of<EventRead>(
      all, [&](std::size_t, const EventRead& read) { return is_placed(all, read.uid); });
}

Sites reads_that_are_repeated(const Recording& all) {
  return sites_of<EventRead>(all, [&](std::size_t, const EventRead& read) {
    return has<EventRead>(all, 0, all.size(), [&](const EventRead& other) {
      return other.uid == read.uid && other.pass != read.pass;
    });
  });
}

/// Whether an event was handed to its writer before `site`.
bool is_invoked_before(const Recording& all, std::size_t site, std::uint64_t uid) {
  return has<AppendInvoked>(all, 0, site,
                            [&](const AppendInvoked& invoked) { return invoked.uid == uid; });
}

Sites reads_with_a_successor_of_their_key(const Recording& all) {
  return sites_of<EventRead>(all, [&](std::size_t site, const EventRead&) {
    const auto next = next_of_key(all, site);
    return next.has_value() && is_invoked_before(all, site, get<EventRead>(all, *next)->uid);
  });
}

Sites reads_with_a_successor(const Recording& all) {
  return sites_of<EventRead>(all, [&](std::size_t site, const EventRead&) {
    const auto next = next_of_pass(all, site);
    return next.has_value() && is_invoked_before(all, site, get<EventRead>(all, *next)->uid);
  });
}

Sites reads_between_others(const Recording& all) {
  return sites_of<EventRead>(all, [&](std::size_t site, const EventRead& read) {
    const auto next = next_of_pass(all, site);
    const bool is_first = !has<EventRead>(
        all, 0, site, [&](const EventRead& other) { return other.pass == read.pass; });
    return !is_first && next.has_value() &&
           get<EventRead>(all, *next)->offset > asked_of(all, read.segment);
  });
}

Sites invocations_of_read_events(const Recording& all) {
  return sites_of<AppendInvoked>(
      all, [&](std::size_t, const AppendInvoked& invoked) { return is_read(all, invoked.uid); });
}

Sites acks_of_read_events(const Recording& all) {
  return sites_of<AppendAcked>(
      all, [&](std::size_t, const AppendAcked& acked) { return is_read(all, acked.uid); });
}

template <typename Change>
void change_read(Recording& all, std::size_t site, Change change) {
  change(the<EventRead>(all, site));
}

void make_damaged(Recording& all, std::size_t site, bool is_confirmed) {
  const EventRead read = the<EventRead>(all, site);
  all[site].record = DamagedRead{.pass = read.pass,
                                 .segment = read.segment,
                                 .offset = read.offset,
                                 .why = "a bad checksum",
                                 .is_confirmed = is_confirmed};
}

const std::array kOfEvents{
    ViolationCase{"an acknowledged event is not in the last scan",
                  {"DUR-1"},
                  {"ORD-2"},
                  acked_reads_of_the_scan,
                  drop},
    ViolationCase{"an acknowledgement names another place",
                  {"OFF-1"},
                  {},
                  placed_acks_of_read_events,
                  [](Recording& all, std::size_t site) { ++the<AppendAcked>(all, site).offset; }},
    ViolationCase{"a conditional append is acknowledged elsewhere",
                  {"APP-1"},
                  {"OFF-1"},
                  placed_conditional_acks,
                  [](Recording& all, std::size_t site) { ++the<AppendAcked>(all, site).offset; }},
    ViolationCase{"an acknowledgement names a place that another event has",
                  {"OFF-1"},
                  {"APP-1", "DUR-1", "ORD-1"},
                  later_placed_acks,
                  [](Recording& all, std::size_t site) {
                    const std::size_t other = *placed_ack_before(all, site);
                    the<AppendAcked>(all, site).offset = the<AppendAcked>(all, other).offset;
                  }},
    ViolationCase{
        "an acknowledgement reaches beyond what is there",
        {"VIS-1"},
        {"APP-1", "DUR-1", "SEG-1"},
        placed_acks,
        [](Recording& all, std::size_t site) { the<AppendAcked>(all, site).end += kMany; }},
    ViolationCase{
        "a failed append is acknowledged",
        {"DUR-1", "VIS-1"},
        {"APP-1", "ORD-1", "SEG-1"},
        [](const Recording& all) { return sites_of<AppendFailed>(all, is_any<AppendFailed>); },
        [](Recording& all, std::size_t site) {
          all[site].record = AppendAcked{.uid = the<AppendFailed>(all, site).uid,
                                         .segment = scanned_segment(all),
                                         .has_offset = true,
                                         .offset = kMany,
                                         .end = kMany + 10};
        }},
    ViolationCase{"an append that is read is reported as failed",
                  {"PHA-1"},
                  {},
                  acks_of_read_events,
                  [](Recording& all, std::size_t site) {
                    all[site].record = AppendFailed{.uid = the<AppendAcked>(all, site).uid,
                                                    .code = std::string(to_text(Errc::kSealed))};
                  }},
    ViolationCase{"an event that is read was never handed to a writer",
                  {"PHA-1"},
                  {},
                  invocations_of_read_events,
                  drop},
    ViolationCase{"an event is read that nobody wrote",
                  {"PHA-1"},
                  {"DUR-1", "OFF-1", "ORD-2"},
                  reads,
                  [](Recording& all, std::size_t site) {
                    change_read(all, site, [](EventRead& read) { read.uid += kMany; });
                  }},
    ViolationCase{"an event is read with another sequence",
                  {"PHA-1"},
                  {"ORD-1"},
                  reads,
                  [](Recording& all, std::size_t site) {
                    change_read(all, site, [](EventRead& read) { read.sequence += kMany; });
                  }},
    ViolationCase{"an event is read with another key",
                  {"PHA-1"},
                  {"ORD-1"},
                  reads,
                  [](Recording& all, std::size_t site) {
                    change_read(all, site, [](EventRead& read) { ++read.key; });
                  }},
    ViolationCase{"an event is read with another writer",
                  {"PHA-1"},
                  {},
                  reads,
                  [](Recording& all, std::size_t site) {
                    change_read(all, site, [](EventRead& read) { read.writer = "a stranger"; });
                  }},
    ViolationCase{"an event is read in another segment",
                  {"OFF-1", "PHA-1"},
                  {"APP-1", "DUP-1", "ORD-2", "SEG-1"},
                  placed_reads,
                  [](Recording& all, std::size_t site) {
                    change_read(all, site, [](EventRead& read) { ++read.segment.number; });
                  }},
    ViolationCase{"an event is read at another place",
                  {"OFF-1"},
                  {"APP-1", "DUP-1", "ORD-2"},
                  placed_reads,
                  [](Recording& all, std::size_t site) {
                    change_read(all, site, [](EventRead& read) { ++read.offset; });
                  }},
    ViolationCase{"an event is longer in one pass than in another",
                  {"ORD-2"},
                  {"SEG-1"},
                  reads_that_are_repeated,
                  [](Recording& all, std::size_t site) {
                    change_read(all, site, [](EventRead& read) { ++read.end; });
                  }},
    ViolationCase{"a pass gives two events of a key in the wrong order",
                  {"DUP-1", "ORD-1"},
                  {"ORD-2"},
                  reads_with_a_successor_of_their_key,
                  [](Recording& all, std::size_t site) {
                    std::swap(all[site], all[*next_of_key(all, site)]);
                  }},
    ViolationCase{"a pass gives an event twice",
                  {"DUP-1"},
                  {},
                  reads,
                  [](Recording& all, std::size_t site) {
                    const Recorded copy = all[site];
                    all.insert(all.begin() + static_cast<std::ptrdiff_t>(site), copy);
                  }},
    ViolationCase{"a pass gives the next event in place of one",
                  {"DUP-1", "OFF-1"},
                  {"APP-1", "DUR-1", "ORD-2"},
                  reads_with_a_successor,
                  [](Recording& all, std::size_t site) {
                    EventRead next = the<EventRead>(all, *next_of_pass(all, site));
                    EventRead& read = the<EventRead>(all, site);
                    next.offset = read.offset;
                    next.end = read.end;
                    read = next;
                  }},
    ViolationCase{"a pass leaves an event out", {"ORD-2"}, {"DUR-1"}, reads_between_others, drop},
    ViolationCase{"bytes are damaged for every pass",
                  {"PHA-1"},
                  {"DUR-1", "ORD-2"},
                  reads,
                  [](Recording& all, std::size_t site) { make_damaged(all, site, true); }},
    ViolationCase{"bytes are damaged for one pass",
                  {"ORD-2"},
                  {"DUR-1"},
                  reads,
                  [](Recording& all, std::size_t site) { make_damaged(all, site, false); }},
};

}  // namespace

std::span<const ViolationCase> violations_of_events() { return kOfEvents; }

}  // namespace millrace::properties
