#include "benchmarks/store_probes.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "benchmarks/store_runs.h"
#include "sim/command/select.h"
#include "sim/run/draw_faults.h"
#include "sim/run/worker.h"
#include "system/base/check.h"

namespace millrace::benchmarks {
namespace {

// The size of the figure for the whole store: 36 machines with those that come after the heal, more
// than 2,000 operations, a segment a store.
const std::vector<std::string> kWholeStore = {
    "cluster.segment_store=12",
    "streams.orders.segments=8",
    "streams.clicks.segments=4",
    "workloads.writer.clients=9",
    "workloads.writer.operations=260",
    "workloads.tail_reader.clients=2",
    "workloads.catch_up_reader.clients=4",
    "workloads.conditional_writer.clients=2",
    "workloads.resender.clients=2",
    "workloads.admin.clients=2",
};

std::uint64_t last_seed(std::int64_t seeds, std::int64_t scale) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(1, seeds / scale));
}

/// A plan of `everything` with exactly this many machines: a third are stores, a third writers, and
/// the others are the rest of its clients in equal parts. Those that come after the heal are left
/// out, but for the final look.
run::Plan plan_of_machines(const run::Registry& registry, std::int64_t machines, std::uint64_t seed,
                           run::Scenario& scenario) {
  const std::int64_t third = machines / 3;
  std::vector<std::string> sets = {
      fmt::format("cluster.segment_store={}", third),
      fmt::format("workloads.writer.clients={}", third), "workloads.writer.operations=100",
      fmt::format("streams.orders.segments={}", std::min<std::int64_t>(third, 64))};
  const std::vector<std::string> others = {"catch_up_reader", "conditional_writer", "resender",
                                           "admin"};
  // A tail reader follows every segment: a second one would make the work grow with the square.
  const std::int64_t tails = std::min<std::int64_t>(1, machines - 2 * third - 1);
  sets.push_back(fmt::format("workloads.tail_reader.clients={}", tails));
  const std::int64_t rest = machines - 2 * third - 1 - tails;
  for (std::size_t i = 0; i < others.size(); ++i) {
    const auto part = static_cast<std::int64_t>(i);
    const std::int64_t count = (rest + part) / static_cast<std::int64_t>(others.size());
    sets.push_back(fmt::format("workloads.{}.clients={}", others[i], count));
  }
  scenario = load(registry, "everything", sets);
  run::Plan plan = run::draw_plan(registry, scenario, seed);
  std::erase_if(plan.clients, [](const run::PlanClient& client) { return client.is_fresh; });
  // Faults strike machines that are there.
  run::draw_faults(registry, scenario, seed, plan);
  const std::size_t all = plan.machines.size() + plan.clients.size();
  CHECK(all == static_cast<std::size_t>(machines), "the parts add up");
  return plan;
}

}  // namespace

Values probe_everything(std::int64_t scale) {
  const run::Registry registry = store_registry();
  const run::Scenario scenario = load(registry, "everything", kWholeStore);
  const std::uint64_t seeds = last_seed(24, scale);
  RunCost sum;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) sum += run_seed(registry, scenario, seed);
  const auto count = static_cast<double>(seeds);
  return {{"seeds_per_second", count / sum.cpu_seconds},
          {"events_per_second", sum.events / sum.cpu_seconds},
          {"virtual_seconds_per_second", sum.virtual_seconds / sum.cpu_seconds},
          {"machines", sum.machines / count},
          {"acked_operations", sum.acked_operations / count}};
}

Values probe_properties_share(std::int64_t scale) {
  const run::Registry registry = store_registry();
  const run::Scenario with = load(registry, "everything", kWholeStore);
  run::Scenario without = with;
  for (const run::PropertyType& property : registry.properties()) {
    without.skips.push_back({.id = std::string(property.claim.id), .reason = "measured"});
  }
  // In turn, several times: the best of each is compared, seed by seed.
  constexpr int kTimes = 3;
  double cpu_with = 0;
  double cpu_without = 0;
  for (std::uint64_t seed = 1; seed <= last_seed(12, scale); ++seed) {
    const run::Plan plan = run::draw_plan(registry, with, seed);
    double best_with = std::numeric_limits<double>::max();
    double best_without = best_with;
    for (int time = 0; time < kTimes; ++time) {
      const RunCost judged = run_plan(registry, with, plan);
      const RunCost unjudged = run_plan(registry, without, plan);
      CHECK(judged.fingerprint == unjudged.fingerprint, "properties only watch");
      best_with = std::min(best_with, judged.cpu_seconds);
      best_without = std::min(best_without, unjudged.cpu_seconds);
    }
    cpu_with += best_with;
    cpu_without += best_without;
  }
  return {{"percent", 100 * (cpu_with - cpu_without) / cpu_with}};
}

Values probe_start(std::int64_t /*scale*/) {
  const run::Registry registry = store_registry();
  const run::RunSource source{.registry = &registry,
                              .scenarios = {load(registry, "everything", {})}};
  run::RunRequest request;
  request.until_event = 1;
  const run::RunReply reply = run::run_alone(source, request, run::WorkerOptions{});
  CHECK(!reply.tool_error.has_value());
  CHECK(reply.record.events > 0, "it came to an event");
  return {{"at", shared_clock_seconds()}};
}

Values probe_default_memory(std::int64_t scale) {
  const run::Registry registry = store_registry();
  const auto scenarios = command::select_scenarios({}, registry);
  CHECK(scenarios.has_value(), "the library's files are legal");
  for (const run::Scenario& scenario : *scenarios) {
    for (std::uint64_t seed = 1; seed <= last_seed(8, scale); ++seed) {
      run_seed(registry, scenario, seed);
    }
  }
  return {{"mib", peak_resident_bytes() / (1 << 20)}};
}

Values probe_machines(std::int64_t machines) {
  const run::Registry registry = store_registry();
  // As many events at either end: what a run takes to begin and to end is a part of it.
  const std::uint64_t seeds = std::max<std::uint64_t>(1, 60 / static_cast<std::uint64_t>(machines));
  RunCost sum;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    run::Scenario scenario;
    const run::Plan plan = plan_of_machines(registry, machines, seed, scenario);
    sum += run_plan(registry, scenario, plan);
  }
  return {{"ns", sum.ns_per_event()}, {"events", sum.events}};
}

Values probe_virtual_time(std::int64_t run_for_seconds) {
  const run::Registry registry = store_registry();
  const auto in_proportion = [&](std::int64_t a_minute) {
    return std::max<std::int64_t>(1, a_minute * run_for_seconds / 60);
  };
  // Administrators truncate what the writers write. A store without a second tier holds all that is
  // not truncated, reads it back at each of its starts, and gives it to each catch-up pass: without
  // an end to it the work would grow with the square of the time, whatever an event costs. An
  // administrator drops 20 events at a time, 1,700 a minute; with one event a write the writers
  // make some 800, with the four that a seed may draw they would make up to 2,700.
  const run::Scenario scenario = load(
      registry, "everything",
      {fmt::format("run_for={}s", run_for_seconds), "cluster.segment_store=2",
       fmt::format("workloads.writer.operations={}", in_proportion(225)),
       "workloads.writer.clients=3", "workloads.writer.batch_events=1",
       fmt::format("workloads.catch_up_reader.operations={}", in_proportion(5)),
       fmt::format("workloads.conditional_writer.operations={}", in_proportion(25)),
       fmt::format("workloads.resender.operations={}", in_proportion(25)),
       "workloads.admin.clients=2", fmt::format("workloads.admin.operations={}", in_proportion(50)),
       "workloads.admin.truncate_percent=80"});
  // The same seeds at either end: a seed's knobs and faults make an event two times dearer than
  // another's. Where the runs are short, they are done again and again.
  constexpr std::uint64_t kSeeds = 3;
  const std::int64_t times = std::max<std::int64_t>(1, 100 / run_for_seconds);
  RunCost sum;
  for (std::int64_t time = 0; time < times; ++time) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) sum += run_seed(registry, scenario, seed);
  }
  return {{"ns", sum.ns_per_event()}, {"events", sum.events}};
}

}  // namespace millrace::benchmarks
