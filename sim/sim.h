#pragma once

// The simulated world by itself, for those who bring their own harness: machines and processes
// under a seeded scheduler, their network and disks, and faults. Installed as <millrace/sim.h>;
// link millrace::sim. Whoever wants scenarios, properties and the command takes <millrace/main.h>.
//
//   World world({.seed = 7, .overrides = {}, .strategy = {}, .limits = {}}, observer);
//   Machine& machine = world.add_machine("store-1", {});
//   NetworkDevice network(world, {}, meters, anchors);
//   DiskDevice disk(world, machine, meters, anchors, {});
//   world.boot(machine, "store", boot_root("store-1", Root{}), [&](Process& process) {
//     Env& env = SimEnv::install(world, process, network, disk, anchors);
//     return std::function<void()>([&env] { store_main(env); });
//   });
//   world.run_until(SimTime{} + seconds(10));
//
// Whoever still has a process at the end ends it before the devices go: world.kill(...).

#include "sim/devices/disk_device.h"     // IWYU pragma: export
#include "sim/devices/network_device.h"  // IWYU pragma: export
#include "sim/devices/sim_env.h"         // IWYU pragma: export
#include "sim/faults/fault_engine.h"     // IWYU pragma: export
#include "sim/faults/fault_profile.h"    // IWYU pragma: export
#include "sim/kernel/meters.h"           // IWYU pragma: export
#include "sim/kernel/observer.h"         // IWYU pragma: export
#include "sim/kernel/world.h"            // IWYU pragma: export
#include "system/env/env.h"              // IWYU pragma: export
#include "system/env/retry.h"            // IWYU pragma: export
#include "system/env/sync.h"             // IWYU pragma: export
