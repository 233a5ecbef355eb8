#include "benchmarks/rows.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "benchmarks/store_probes.h"
#include "benchmarks/world_probes.h"

namespace millrace::benchmarks {
namespace {

using Measured = std::expected<Row, std::string>;

struct NamedProbe {
  std::string_view name;
  Probe run;
};

const std::vector<NamedProbe>& probes() {
  static const std::vector<NamedProbe> all{
      {"messages", probe_messages},
      {"timers", probe_timers},
      {"switch_random",
       [](std::int64_t scale) { return probe_switch(sim::StrategyKind::kRandom, scale); }},
      {"switch_pct",
       [](std::int64_t scale) { return probe_switch(sim::StrategyKind::kPct, scale); }},
      {"bare_switch", probe_bare_switch},
      {"idle", probe_idle},
      {"idle_task_memory", probe_idle_task_memory},
      {"everything", probe_everything},
      {"properties_share", probe_properties_share},
      {"start", probe_start},
      {"default_memory", probe_default_memory},
      {"machines", probe_machines},
      {"virtual_time", probe_virtual_time},
  };
  return all;
}

constexpr const char* kSelf = "/proc/self/exe";

std::expected<Values, std::string> run_ours(const std::string& probe, std::int64_t argument) {
  return run_probe(kSelf, {"--probe", probe, std::to_string(argument)});
}

std::expected<double, std::string> run_one(const std::string& program, const std::string& probe,
                                           const std::string& key, const Effort& effort) {
  const auto values = program == kSelf ? run_ours(probe, effort.scale)
                                       : run_probe(program, {probe, std::to_string(effort.scale)});
  if (!values.has_value()) return std::unexpected(values.error());
  const auto found = values->find(key);
  if (found == values->end()) return std::unexpected(fmt::format("{}: no '{}'", probe, key));
  return found->second;
}

/// One side of a comparison.
struct Side {
  std::string program;
  std::string probe;
  std::string key;
};

double better(Sense sense, double a, double b) {
  return sense == Sense::kAtLeast ? std::max(a, b) : std::min(a, b);
}

/// The best of each side. They run in turn, so that a machine that is busy for a while is busy for
/// all of them.
std::expected<std::vector<double>, std::string> best_of(const std::vector<Side>& sides, Sense sense,
                                                        const Effort& effort) {
  std::vector<double> best;
  for (std::uint32_t round = 0; round < effort.rounds; ++round) {
    for (std::size_t i = 0; i < sides.size(); ++i) {
      const auto value = run_one(sides[i].program, sides[i].probe, sides[i].key, effort);
      if (!value.has_value()) return std::unexpected(value.error());
      if (round == 0) best.push_back(*value);
      best[i] = better(sense, best[i], *value);
    }
  }
  return best;
}

/// Measures our probe alone.
Measured alone(Row row, const std::string& probe, const std::string& key, const Effort& effort) {
  const auto best = best_of({{kSelf, probe, key}}, row.target.sense, effort);
  if (!best.has_value()) return std::unexpected(best.error());
  row.value = best->front();
  return row;
}

/// Measures our probe and the peer's, both with the same key.
Measured beside(Row row, const std::string& probe, const std::string& key, const Side& peer,
                const Effort& effort) {
  const auto best = best_of({{kSelf, probe, key}, peer}, row.target.sense, effort);
  if (!best.has_value()) return std::unexpected(best.error());
  row.value = best->front();
  row.peer_value = best->back();
  row.ratio = row.value / *row.peer_value;
  return row;
}

Measured beside_simgrid(Row row, const std::string& probe, const Effort& effort) {
  row.peer = "SimGrid";
#ifdef MILLRACE_SIMGRID_PEER
  return beside(std::move(row), probe, "per_second", {MILLRACE_SIMGRID_PEER, probe, "per_second"},
                effort);
#else
  row.peer = "SimGrid (not installed)";
  row.note = "SimGrid is not installed: no ratio. `./dev bench` installs libsimgrid-dev.";
  return alone(std::move(row), probe, "per_second", effort);
#endif
}

Measured beside_context(Row row, const std::string& probe, const Effort& effort) {
  row.peer = "Boost.Context";
  return beside(std::move(row), probe, "ns", {kSelf, "bare_switch", "ns"}, effort);
}

Measured messages(const Effort& effort) {
  return beside_simgrid({.name = "messages",
                         .unit = "messages/s",
                         .target = {Sense::kAtLeast, 2e6},
                         .ratio_target = Bound{Sense::kAtLeast, 6}},
                        "messages", effort);
}

Measured timers_spread(const Effort& effort) {
  return beside_simgrid({.name = "timers_spread",
                         .unit = "wakes/s",
                         .target = {Sense::kAtLeast, 10e6},
                         .ratio_target = Bound{Sense::kAtLeast, 10}},
                        "timers", effort);
}

Measured switch_random_100(const Effort& effort) {
  return beside_context({.name = "switch_random_100",
                         .unit = "ns",
                         .target = {Sense::kAtMost, 120},
                         .ratio_target = Bound{Sense::kAtMost, 6}},
                        "switch_random", effort);
}

Measured switch_pct_100(const Effort& effort) {
  return beside_context({.name = "switch_pct_100",
                         .unit = "ns",
                         .target = {Sense::kAtMost, 250},
                         .ratio_target = Bound{Sense::kAtMost, 12}},
                        "switch_pct", effort);
}

Measured idle_1000(const Effort& effort) {
  return alone({.name = "idle_1000", .unit = "times real time", .target = {Sense::kAtLeast, 6'500}},
               "idle", "times_real_time", effort);
}

Measured memory_idle_task(const Effort& effort) {
  return alone({.name = "memory_idle_task", .unit = "bytes", .target = {Sense::kAtMost, 8 << 10}},
               "idle_task_memory", "bytes", effort);
}

/// Starts are short and disturbed by all that goes on: many, of which the fastest counts.
Measured start(const Effort& effort) {
  Row row{.name = "start", .unit = "ms", .target = {Sense::kAtMost, 5}};
  for (std::uint32_t time = 0; time < 8 * effort.rounds; ++time) {
    const double begun = shared_clock_seconds();
    const auto values = run_ours("start", 1);
    if (!values.has_value()) return std::unexpected(values.error());
    const double ms = 1e3 * (values->at("at") - begun);
    row.value = time == 0 ? ms : std::min(row.value, ms);
  }
  return row;
}

Measured everything(const Effort& effort) {
  Row row{.name = "everything", .unit = "seeds/s", .target = {Sense::kAtLeast, 10}};
  for (std::uint32_t round = 0; round < effort.rounds; ++round) {
    auto values = run_ours("everything", effort.scale);
    if (!values.has_value()) return std::unexpected(values.error());
    const double seeds = values->at("seeds_per_second");
    if (seeds <= row.value) continue;
    row.value = seeds;
    values->erase("seeds_per_second");
    row.extras = *std::move(values);
  }
  return row;
}

Measured properties_share(const Effort& effort) {
  // The probe itself runs each seed several times.
  return alone({.name = "properties_share", .unit = "% of a run", .target = {Sense::kAtMost, 10}},
               "properties_share", "percent", {.scale = effort.scale, .rounds = 1});
}

Measured memory_default(const Effort& effort) {
  // Memory does not depend on what else the machine does.
  return alone({.name = "memory_default", .unit = "MiB", .target = {Sense::kAtMost, 64}},
               "default_memory", "mib", {.scale = effort.scale, .rounds = 1});
}

/// The time an event takes at the size where it takes longest, to that at the size where it takes
/// least.
Measured growth(Row row, const std::string& probe, const std::vector<std::int64_t>& sizes,
                const Effort& effort) {
  std::vector<double> ns(sizes.size());
  for (std::uint32_t round = 0; round < effort.rounds; ++round) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto values = run_ours(probe, sizes[i]);
      if (!values.has_value()) return std::unexpected(values.error());
      const double measured = values->at("ns");
      ns[i] = round == 0 ? measured : std::min(ns[i], measured);
    }
  }
  row.unit = "times";
  row.target = {Sense::kAtMost, 1.5};
  row.value = *std::ranges::max_element(ns) / *std::ranges::min_element(ns);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    row.note += fmt::format("{}{}: {:.0f} ns", i == 0 ? "" : ", ", sizes[i], ns[i]);
  }
  return row;
}

bool is_quick(const Effort& effort) { return effort.scale > 1; }

Measured growth_machines(const Effort& effort) {
  const std::vector<std::int64_t> all{3, 30, 300};
  const std::vector<std::int64_t> few{3, 30};
  return growth({.name = "growth_machines"}, "machines", is_quick(effort) ? few : all,
                {.scale = effort.scale, .rounds = std::min(effort.rounds, 3U)});
}

Measured growth_virtual_time(const Effort& effort) {
  const std::vector<std::int64_t> all{10, 100, 1'000, 10'000};
  const std::vector<std::int64_t> few{10, 30};
  return growth({.name = "growth_virtual_time"}, "virtual_time", is_quick(effort) ? few : all,
                {.scale = effort.scale, .rounds = std::min(effort.rounds, 2U)});
}

}  // namespace

const std::vector<RowMaker>& row_makers() {
  static const std::vector<RowMaker> all{
      {"messages", messages},
      {"timers_spread", timers_spread},
      {"switch_random_100", switch_random_100},
      {"switch_pct_100", switch_pct_100},
      {"idle_1000", idle_1000},
      {"start", start},
      {"memory_idle_task", memory_idle_task},
      {"everything", everything},
      {"properties_share", properties_share},
      {"memory_default", memory_default},
      {"growth_machines", growth_machines},
      {"growth_virtual_time", growth_virtual_time},
  };
  return all;
}

Probe find_probe(std::string_view name) {
  const auto found = std::ranges::find(probes(), name, &NamedProbe::name);
  return found == probes().end() ? nullptr : found->run;
}

}  // namespace millrace::benchmarks
