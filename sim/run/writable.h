#pragma once

// Files for people: whether there is a place for what will be written, asked before anything runs,
// so that hours of work do not end at a path with a typing mistake; and writing it, whole.

#include <cstdint>
#include <string>
#include <string_view>

#include "system/base/result.h"

namespace millrace::run {

/// What is to be written at a path.
enum class Wanted : std::uint8_t {
  kFile,    ///< In a folder that is there.
  kFolder,  ///< With the folders above it, as far as they are missing.
};

/// Whether this process can make what is wanted at `path`, or write what is there. Makes and
/// removes an entry of its own: permissions say nothing to root, and nothing of a file system that
/// takes no files, such as /proc. Errors: kInvalid, with the path and why.
Result<void> check_writable(const std::string& path, Wanted wanted);

/// Writes a file through a neighbour that is renamed, so that nobody sees half of it, whenever this
/// process is killed. What is no plain file (/dev/stdout, a pipe) is written as it is.
/// Errors: kIo, with the path and why; a file that was there before is as it was.
Result<void> write_whole(const std::string& path, std::string_view text);

}  // namespace millrace::run
