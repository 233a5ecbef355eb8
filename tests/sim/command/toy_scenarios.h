#pragma once

// The toy world with its scenario files: what the tests of the command call, in their own process
// or as the program `toy` (tests/toy_main.cc).

#include "sim/run/registry.h"

namespace millrace::command {

/// The toy world with the scenarios `quiet` (@default, @ci), `lossy` (acknowledges before the sync,
/// loses power; @red), `checked` (a failing CHECK), `crashing`, `idle` (never reaches its floor;
/// @ci) and `wide`.
void toy_registry(run::Registry& registry);

/// The same scenarios over the toy world after an edit of its code (toy_world.h).
void edited_toy_registry(run::Registry& registry);

}  // namespace millrace::command
