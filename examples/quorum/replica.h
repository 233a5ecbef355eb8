#pragma once

// One of the machines that keep the cells. Replicas do not know each other: a value is safe once a
// majority of them has it, and it is the clients that see to that (quorum_client.h).

#include <cstdint>
#include <millrace/system/base/knobs.h>
#include <millrace/system/env/env.h>

#include "quorum/codec.h"

namespace quorum {

inline constexpr std::uint16_t kReplicaPort = 9000;

struct ReplicaConfig {
  millrace::Duration idle_timeout = millrace::seconds(10);
  static constexpr auto knobs =
      millrace::knobs(millrace::knob("idle_timeout", &ReplicaConfig::idle_timeout,
                                     {.low = millrace::milliseconds(100),
                                      .high = millrace::seconds(600),
                                      .drawn_low = millrace::seconds(1),
                                      .drawn_high = millrace::seconds(60),
                                      .about = "How long a connection may be silent."}));
};

/// Makes an empty disk this replica's.
Result<void> format_replica(millrace::Env& env, const ReplicaConfig& config);

/// Serves until its disk fails. Whoever starts it again gets a replica that knows what it
/// acknowledged.
Result<void> replica_main(millrace::Env& env, const ReplicaConfig& config);

}  // namespace quorum
