#pragma once

// Readers: at the tail, following every segment as it grows; catching up, from a segment's start to
// its tail, again and again; and the last look, at everything, when all other clients are done.

#include <cstdint>
#include <tuple>

#include "sim/run/client.h"
#include "sim/run/plan.h"
#include "system/client/client_config.h"
#include "system/env/env.h"

namespace millrace::scenarios {

struct TailReaderConfig : client::ClientConfig {};

struct CatchUpReaderConfig : client::ClientConfig {
  std::uint32_t operations = 5;

  static constexpr auto knobs =
      std::tuple_cat(client::ClientConfig::knobs,
                     millrace::knobs(knob("operations", &CatchUpReaderConfig::operations,
                                          {.unit = "passes",
                                           .low = 1,
                                           .high = 10'000,
                                           .about = "Passes over a segment that it makes."})));
};

struct FinalScanConfig : client::ClientConfig {};

/// Reads all segments from their start on until the writers are done and the tails are reached.
Result<void> tail_reader_main(Env& env, const TailReaderConfig& config, run::Client& client);

/// One operation: one segment, from its start to its tail.
void draw_passes(const CatchUpReaderConfig& config, run::PlanClient& client, run::PlanDraws& draws);
Result<void> catch_up_reader_main(Env& env, const CatchUpReaderConfig& config, run::Client& client);

/// Reads every segment whole and records that it did.
Result<void> final_scan_main(Env& env, const FinalScanConfig& config, run::Client& client);

}  // namespace millrace::scenarios
