#pragma once

// The command around one's own world. Installed as <millrace/main.h>, which is all that a world
// needs: Registry, Env with its waits, Client, History, fields, knobs, codec, and the contract of
// properties.
//
//   void my_world(millrace::Registry& r) { r.role("store", store_main); ... }
//   int main(int argc, char** argv) { return millrace::main(argc, argv, my_world); }

#include "sim/command/holds.h"   // IWYU pragma: export
#include "sim/run/client.h"      // IWYU pragma: export
#include "sim/run/history.h"     // IWYU pragma: export
#include "sim/run/judging.h"     // IWYU pragma: export
#include "sim/run/plan.h"        // IWYU pragma: export
#include "sim/run/property.h"    // IWYU pragma: export
#include "sim/run/registry.h"    // IWYU pragma: export
#include "system/base/codec.h"   // IWYU pragma: export
#include "system/base/crc32c.h"  // IWYU pragma: export
#include "system/base/fields.h"  // IWYU pragma: export
#include "system/base/knobs.h"   // IWYU pragma: export
#include "system/base/result.h"  // IWYU pragma: export
#include "system/env/env.h"      // IWYU pragma: export
#include "system/env/retry.h"    // IWYU pragma: export
#include "system/env/sync.h"     // IWYU pragma: export

namespace millrace {

using run::ClientStart;
using run::CoreSize;
using run::PlanClient;
using run::PlanDraws;

/// Runs the command line over what `world` registers, and returns the exit status: 0 held, 1 a
/// property failed or the system crashed, hung or met a limit, 2 usage or input, 3 the tool failed,
/// 4 inconclusive, 130 and 143 interrupted. Call it first in main(), before any thread or signal
/// handler exists.
int main(int argc, char** argv, void (*world)(Registry& registry));

}  // namespace millrace
