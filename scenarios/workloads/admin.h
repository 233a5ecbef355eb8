#pragma once

// Administrators: look at segments, truncate them, seal them.

#include <cstdint>
#include <tuple>

#include "sim/run/client.h"
#include "sim/run/plan.h"
#include "system/client/client_config.h"
#include "system/env/env.h"

namespace millrace::scenarios {

struct AdminConfig : client::ClientConfig {
  std::uint32_t operations = 20;
  std::uint32_t truncate_percent = 20;
  std::uint32_t seal_percent = 0;

  static constexpr auto knobs = std::tuple_cat(
      client::ClientConfig::knobs,
      millrace::knobs(
          knob("operations", &AdminConfig::operations,
               {.unit = "operations", .low = 1, .high = 10'000, .about = "Requests it makes."}),
          knob("truncate_percent", &AdminConfig::truncate_percent,
               {.unit = "percent", .low = 0, .high = 100, .about = "Share that truncates."}),
          knob("seal_percent", &AdminConfig::seal_percent,
               {.unit = "percent",
                .low = 0,
                .high = 100,
                .about = "Share that seals, towards the end of the faults."})));
};

void draw_administration(const AdminConfig& config, run::PlanClient& client, run::PlanDraws& draws);

/// Lets each seal of the plan follow one of the last writes of a drawn writer. Time alone does not
/// put seals last: where faults kept the writers waiting until then, everything is due at once, and
/// the few seals would overtake the many writes.
void let_seals_follow_writes(run::Plan& plan, const run::PlanDraws& draws);

Result<void> admin_main(Env& env, const AdminConfig& config, run::Client& client);

}  // namespace millrace::scenarios
