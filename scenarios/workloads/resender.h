#pragma once

// Resenders: speak the protocol themselves and send blocks again, with gaps and overlapping, as a
// writer never would; the store must take each event once.

#include <cstdint>
#include <tuple>

#include "sim/run/client.h"
#include "sim/run/plan.h"
#include "system/client/client_config.h"
#include "system/env/env.h"

namespace millrace::scenarios {

struct ResenderConfig : client::ClientConfig {
  std::uint32_t operations = 30;

  static constexpr auto knobs =
      std::tuple_cat(client::ClientConfig::knobs,
                     millrace::knobs(knob("operations", &ResenderConfig::operations,
                                          {.unit = "operations",
                                           .low = 1,
                                           .high = 10'000,
                                           .about = "Blocks and questions that it sends."})));
};

void draw_blocks(const ResenderConfig& config, run::PlanClient& client, run::PlanDraws& draws);

Result<void> resender_main(Env& env, const ResenderConfig& config, run::Client& client);

}  // namespace millrace::scenarios
