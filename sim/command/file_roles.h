#pragma once

// Which files a command line reads and which it writes.

#include <optional>
#include <string>

namespace millrace::command {

struct Options;

/// Refuses to write one file in two ways, or over what is read: says which option wants what. A
/// device or a pipe may be named twice. Looks at the file system, and changes nothing.
std::optional<std::string> shared_file(const Options& options);

}  // namespace millrace::command
