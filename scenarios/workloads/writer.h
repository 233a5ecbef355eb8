#pragma once

// Writers: append events with few or many keys, alone or in batches, ahead of the acknowledgements.

#include <cstdint>
#include <tuple>

#include "scenarios/workloads/payload.h"
#include "sim/run/client.h"
#include "sim/run/plan.h"
#include "system/client/client_config.h"
#include "system/env/env.h"

namespace millrace::scenarios {

/// A writer's operations are drawn from these.
struct WriterConfig : client::ClientConfig {
  std::uint32_t operations = 200;
  std::uint32_t keys = 8;
  std::uint32_t batch_events = 1;
  std::uint32_t event_bytes = 64;
  std::uint32_t ahead = 8;

  static constexpr auto knobs = std::tuple_cat(
      client::ClientConfig::knobs,
      millrace::knobs(
          knob("operations", &WriterConfig::operations,
               {.unit = "operations", .low = 1, .high = 1'000'000, .about = "Writes it makes."}),
          knob("keys", &WriterConfig::keys,
               {.unit = "keys",
                .low = 1,
                .high = 1'000'000,
                .drawn_low = 1,
                .drawn_high = 64,
                .about = "Routing keys among which each write chooses."}),
          knob("batch_events", &WriterConfig::batch_events,
               {.unit = "events",
                .low = 1,
                .high = kEventsPerOperationMax,
                .drawn_low = 1,
                .drawn_high = 4,
                .about = "The most events in one write; several are stored side by side."}),
          knob("event_bytes", &WriterConfig::event_bytes,
               {.unit = "bytes",
                .low = 1,
                .high = 65'536,
                .drawn_low = 48,
                .drawn_high = 2048,
                .about = "The most bytes of an event, as far as its own description fits."}),
          knob("ahead", &WriterConfig::ahead,
               {.unit = "writes",
                .low = 1,
                .high = 1'024,
                .drawn_low = 1,
                .drawn_high = 64,
                .about = "Writes that it makes before it waits for the outcome of the first."})));
};

void draw_writes(const WriterConfig& config, run::PlanClient& client, run::PlanDraws& draws);

Result<void> writer_main(Env& env, const WriterConfig& config, run::Client& client);

}  // namespace millrace::scenarios
