// Violations about recoveries, about what is left behind, and about the run itself.

#include <array>
#include <string>

#include "tests/properties/history_mutations.h"
#include "tests/properties/recorded_search.h"

namespace millrace::properties {
namespace {

// --- Recoveries ---

/// What a container was last known to have, by whichever fact.
struct Known {
  std::uint64_t sequence = 0;
  bool is_any = false;
};

Known known_before(const Recording& all, std::size_t end, std::uint32_t container) {
  Known known;
  for (std::size_t i = 0; i < end; ++i) {
    const auto* const applied = get<ContainerApplied>(all, i);
    const auto* const recovered = get<ContainerRecovered>(all, i);
    if (applied != nullptr && applied->container == container) known = {applied->sequence, true};
    if (recovered != nullptr && recovered->container == container) {
      known = {recovered->sequence, true};
    }
  }
  return known;
}

Sites recoveries_of_the_same(const Recording& all) {
  return sites_of<ContainerRecovered>(
      all, [&](std::size_t site, const ContainerRecovered& recovered) {
        const Known known = known_before(all, site, recovered.container);
        return known.is_any && known.sequence == recovered.sequence;
      });
}

Sites recoveries_of_the_same_records(const Recording& all) {
  Sites sites = recoveries_of_the_same(all);
  std::erase_if(
      sites, [&](std::size_t site) { return get<ContainerRecovered>(all, site)->sequence == 0; });
  return sites;
}

Sites reports_of_more_than_nothing(const Recording& all) {
  return sites_of<ContainerApplied>(all, [&](std::size_t site, const ContainerApplied& applied) {
    return known_before(all, site, applied.container).sequence > 0;
  });
}

// --- What is left behind ---

Sites later_quiet_loads(const Recording& all) {
  return sites_of<StoreLoad>(all, [&](std::size_t site, const StoreLoad& load) {
    const auto boot =
        last_before<ContainerRecovered>(all, site, [](const ContainerRecovered&) { return true; });
    return load.connections == 0 && has<StoreLoad>(all, *boot, site, [](const StoreLoad& other) {
             return other.connections == 0;
           });
  });
}

Sites last_holdings(const Recording& all) {
  const auto last = last_before<run::ProcessHolds>(all, all.size(),
                                                   [](const run::ProcessHolds&) { return true; });
  return {*last};
}

// --- The run ---

Sites ends_of_operations_from_before_the_heal(const Recording& all) {
  return sites_of<run::OperationEnded>(
      all, [&](std::size_t site, const run::OperationEnded& ended) {
        const auto taken = request_of<run::OperationTaken>(all, site, ended.operation);
        return !has<run::PhaseBegan>(all, 0, taken, [](const run::PhaseBegan& began) {
          return began.phase == run::Phase::kSettle;
        });
      });
}

template <bool kIsFresh>
Sites ends_of_clients(const Recording& all) {
  return sites_of<run::ClientFinished>(all, [](std::size_t, const run::ClientFinished& finished) {
    return finished.client.starts_with("fresh") == kIsFresh;
  });
}

template <typename Record>
Sites all_of(const Recording& all) {
  return sites_of<Record>(all, [](std::size_t, const Record&) { return true; });
}

const std::array kOfRuns{
    ViolationCase{
        "a recovery finds less than was durable",
        {"CRASH-1"},
        {},
        recoveries_of_the_same_records,
        [](Recording& all, std::size_t site) { --the<ContainerRecovered>(all, site).sequence; }},
    ViolationCase{
        "a recovery makes another state",
        {"CRASH-1"},
        {},
        recoveries_of_the_same,
        [](Recording& all, std::size_t site) { ++the<ContainerRecovered>(all, site).digest; }},
    ViolationCase{
        "a durable end goes back",
        {"CRASH-1"},
        {},
        reports_of_more_than_nothing,
        [](Recording& all, std::size_t site) { the<ContainerApplied>(all, site).sequence = 0; }},
    ViolationCase{"a log cannot be used",
                  {"CRASH-1"},
                  {},
                  all_of<ContainerApplied>,
                  [](Recording& all, std::size_t site) {
                    all[site].record = LogCorrupt{.file = "1.log", .offset = 52, .why = "a gap"};
                  }},
    ViolationCase{"a task serves nobody",
                  {"LEAK-1"},
                  {},
                  later_quiet_loads,
                  [](Recording& all, std::size_t site) { ++the<StoreLoad>(all, site).tasks; }},
    ViolationCase{
        "a socket is left",
        {"LEAK-1"},
        {},
        last_holdings,
        [](Recording& all, std::size_t site) { ++the<run::ProcessHolds>(all, site).sockets; }},
    ViolationCase{
        "a file is left",
        {"LEAK-1"},
        {},
        last_holdings,
        [](Recording& all, std::size_t site) { ++the<run::ProcessHolds>(all, site).files; }},
    ViolationCase{"memory is left",
                  {"LEAK-1"},
                  {},
                  last_holdings,
                  [](Recording& all, std::size_t site) {
                    the<run::ProcessHolds>(all, site).memory_bytes += kMany;
                  }},
    ViolationCase{"an exception leaves a task",
                  {"LOG-1"},
                  {},
                  all_of<run::TaskEnded>,
                  [](Recording& all, std::size_t site) {
                    the<run::TaskEnded>(all, site).exception = "out of range";
                  }},
    ViolationCase{"a process has no explanation",
                  {"LOG-1"},
                  {},
                  all_of<run::TaskEnded>,
                  [](Recording& all, std::size_t site) {
                    all[site].record = run::UnexpectedReported{.where = "a place", .why = "so"};
                  }},
    ViolationCase{"an old client is stuck", {"REC-1"}, {}, ends_of_clients<false>, drop},
    ViolationCase{"a fresh client is stuck", {"REC-1"}, {}, ends_of_clients<true>, drop},
    ViolationCase{"a client gives up",
                  {"REC-1"},
                  {},
                  all_of<run::ClientFinished>,
                  [](Recording& all, std::size_t site) {
                    the<run::ClientFinished>(all, site).error = "no patience";
                  }},
    ViolationCase{
        "an operation never ends", {"REC-2"}, {}, ends_of_operations_from_before_the_heal, drop},
};

}  // namespace

std::span<const ViolationCase> violations_of_runs() { return kOfRuns; }

}  // namespace millrace::properties
