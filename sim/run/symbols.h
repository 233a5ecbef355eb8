#pragma once

// Names for code addresses of this program, from its own symbol table: so that frames have names
// without any tool on the machine.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace millrace::run {

/// One line a frame, innermost first: "store::append" without its arguments, or the library where
/// no symbol is known. Frames of the crash handler itself and of the fiber switch are left
/// out. Cost: reads this program's file once a call.
std::vector<std::string> symbolise(std::span<const std::uint64_t> addresses);

}  // namespace millrace::run
