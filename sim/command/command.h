#pragma once

// One call of the command, from words to exit status, on any two streams: what main() does, for
// tests as well.

#include <span>
#include <string>
#include <string_view>

#include "sim/command/console.h"
#include "sim/run/registry.h"

namespace millrace::command {

/// `arguments` are without the program's name.
int run_command(std::string_view program, std::span<const std::string> arguments,
                void (*world)(run::Registry& registry), Console& console);

}  // namespace millrace::command
