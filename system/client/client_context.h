#pragma once

// What every part of a client needs of its surroundings.

#include "system/client/client_config.h"
#include "system/client/directory.h"
#include "system/env/clock.h"
#include "system/env/env.h"
#include "system/env/journal.h"
#include "system/env/network.h"
#include "system/env/random.h"
#include "system/env/tasks.h"

namespace millrace::client {

/// References that outlive every part of the client that was given them; and a configuration.
struct ClientContext {
  Network& network;
  Clock& clock;
  Tasks& tasks;
  Random& random;
  Journal& journal;
  Directory& directory;
  ClientConfig config;
};

/// A client's share of a process's world.
inline ClientContext make_context(Env& env, Directory& directory, const ClientConfig& config) {
  return {.network = env.network,
          .clock = env.clock,
          .tasks = env.tasks,
          .random = env.random,
          .journal = env.journal,
          .directory = directory,
          .config = config};
}

}  // namespace millrace::client
