#pragma once

// Conditional writers: several of them race to append at the length that each believes.

#include <cstdint>
#include <tuple>

#include "sim/run/client.h"
#include "sim/run/plan.h"
#include "system/client/client_config.h"
#include "system/env/env.h"

namespace millrace::scenarios {

struct ConditionalWriterConfig : client::ClientConfig {
  std::uint32_t operations = 30;

  static constexpr auto knobs =
      std::tuple_cat(client::ClientConfig::knobs,
                     millrace::knobs(knob("operations", &ConditionalWriterConfig::operations,
                                          {.unit = "operations",
                                           .low = 1,
                                           .high = 10'000,
                                           .about = "Conditional appends that it makes."})));
};

void draw_conditional_appends(const ConditionalWriterConfig& config, run::PlanClient& client,
                              run::PlanDraws& draws);

Result<void> conditional_writer_main(Env& env, const ConditionalWriterConfig& config,
                                     run::Client& client);

}  // namespace millrace::scenarios
