#pragma once

// Counts as people read them.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::run {

/// "1,204"
std::string thousands(std::uint64_t value);

/// "1 seed", "1,204 seeds"; `noun` takes an s.
std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace millrace::run
