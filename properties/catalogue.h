#pragma once

// All properties of the stream store, for a Registry.

#include "sim/run/registry.h"

namespace millrace::properties {

/// Registers every property of this folder.
void register_all(Registry& registry);

}  // namespace millrace::properties
