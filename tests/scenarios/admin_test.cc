// Seals end what writers can do. They come when most of it is done, however long faults kept the
// writers from doing it.

#include "scenarios/workloads/admin.h"

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <optional>
#include <string>

#include "scenarios/store_world.h"
#include "sim/command/scenario_file.h"
#include "sim/run/plan.h"
#include "sim/run/run.h"
#include "sim/run/run_record.h"

namespace millrace::scenarios {
namespace {

class Seals : public testing::Test {
 protected:
  Seals() {
    store_world(registry_);
    const auto source = command::find_scenario("everything", registry_);
    scenario_ = *command::load_scenario(*source, registry_);
    // Administrators who do nothing but seal, and are the first to come back after an outage.
    for (run::ScenarioWorkload& workload : scenario_.workloads) {
      if (workload.kind == "admin") {
        workload.knobs["truncate_percent"] = run::Range::fixed(0);
        workload.knobs["seal_percent"] = run::Range::fixed(100);
        workload.knobs["backoff_max"] = run::Range::fixed(milliseconds(1).ns);
      } else {
        workload.knobs["backoff_initial"] = run::Range::fixed(milliseconds(500).ns);
        workload.knobs["backoff_max"] = run::Range::fixed(milliseconds(500).ns);
      }
    }
  }

  /// Where the operation stands among those of its writer; none where it is no writer's.
  static std::optional<std::size_t> place_among_writes(const run::Plan& plan, std::uint64_t id) {
    for (const run::PlanClient& client : plan.clients) {
      if (client.workload != "writer" || client.is_fresh) continue;
      const auto found = std::ranges::find(
          client.operations, id, [](const auto& planned) { return planned.operation.id; });
      if (found == client.operations.end()) continue;
      const auto place = static_cast<std::size_t>(found - client.operations.begin());
      return place * 100 / client.operations.size();
    }
    return std::nullopt;
  }

  Registry registry_;
  run::Scenario scenario_;
};

TEST_F(Seals, follow_one_of_the_last_writes) {
  std::size_t seals = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const run::Plan plan = run::draw_plan(registry_, scenario_, seed);
    for (const run::PlanClient& client : plan.clients) {
      for (const run::PlanOperation& planned : client.operations) {
        EXPECT_EQ(planned.after.has_value(), planned.operation.kind == "seal");
        if (!planned.after.has_value()) continue;
        const std::optional<std::size_t> percent = place_among_writes(plan, *planned.after);
        ASSERT_TRUE(percent.has_value());
        EXPECT_GE(*percent, 74);
        ++seals;
      }
    }
  }
  EXPECT_GT(seals, 100U);
}

// The seals are due long before the heal, and so are all writes.
TEST_F(Seals, leave_writers_their_writes_after_a_run_without_a_store) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    run::Plan plan = run::draw_plan(registry_, scenario_, seed);
    plan.faults = {};
    for (const run::PlanMachine& machine : plan.machines) {
      sim::FaultAction pause;
      pause.id = plan.faults.actions.size() + 1;
      pause.kind = sim::FaultKind::kMachinePause;
      pause.at = milliseconds(1);
      pause.targets = {machine.name};
      pause.duration = plan.run_for;
      plan.faults.actions.push_back(pause);
    }

    const run::RunRecord record = run::run_plan(registry_, scenario_, plan, {});

    EXPECT_EQ(record.verdict, run::Verdict::kPass) << "seed " << seed << ": " << record.reason;
  }
}

}  // namespace
}  // namespace millrace::scenarios
