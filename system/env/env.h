#pragma once

// The whole outside world of one process. A class takes the capabilities it needs, not the bundle:
// its constructor then says what it can touch.

#include "system/env/clock.h"
#include "system/env/disk.h"
#include "system/env/journal.h"
#include "system/env/network.h"
#include "system/env/random.h"
#include "system/env/tasks.h"

namespace millrace {

/// References to the six capabilities; they outlive the process that was given them.
struct Env {
  Clock& clock;
  Tasks& tasks;
  Network& network;
  Disk& disk;
  Random& random;
  Journal& journal;
};

}  // namespace millrace
