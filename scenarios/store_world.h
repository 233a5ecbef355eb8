#pragma once

// The stream store as the harness knows it: its roles, workloads, properties and scenarios. The
// only place that joins the two.

#include "sim/run/registry.h"

namespace millrace::scenarios {

/// Registers everything of the store; for millrace::main().
void store_world(Registry& registry);

}  // namespace millrace::scenarios
