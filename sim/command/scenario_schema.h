#pragma once

// The JSON schema of scenario files, for editors; made of the loader's own table of keys and of
// what the Registry knows, so that it never promises what the loader refuses.

#include <string>

#include "sim/run/registry.h"

namespace millrace::command {

/// JSON Schema, draft-07, with a line feed at its end.
std::string scenario_schema(const run::Registry& registry);

}  // namespace millrace::command
