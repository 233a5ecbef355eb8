#pragma once

// Files and directories with the durability of POSIX: nothing is durable before a sync.
//
// What survives a crash. A killed process keeps all that was written (the kernel has it), but a
// write that was under way may be cut to a prefix. After a power loss
//   - what a successful File::sync() covered is there, as long as the device keeps its promises;
//   - of everything younger any part may be missing, in any order, torn within a sector, unless a
//     sync covered it; a size may have grown over bytes that read as zeros;
//   - a name (created, renamed, unlinked) is certain only after Disk::sync_directory().
// What recovery read may therefore still be lost by the next power loss: sync before trusting it.
//
// Every call gives way until the device has answered. Cancelling the task does not shorten that.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "system/base/bytes.h"
#include "system/base/result.h"

namespace millrace {

/// How a file is opened.
enum class OpenMode : std::uint8_t {
  kExisting,  ///< kNotFound where it is not.
  kCreate,    ///< kAlreadyExists where it is.
  kEither,    ///< Creates it where it is not.
};

/// An open file. Destroying it closes the handle and syncs nothing.
class File {
 public:
  virtual ~File() = default;

  /// Writes all of `bytes` at `offset`; a gap before it reads as zeros.
  /// Errors: kNoSpace, kIo: any prefix may have been written.
  virtual Result<void> write(std::uint64_t offset, ByteView bytes) = 0;

  /// Reads up to `size` bytes at `offset`; fewer only at the end of the file.
  /// Errors: kIo.
  virtual Result<Bytes> read(std::uint64_t offset, std::size_t size) = 0;

  /// Makes the file's contents and size durable.
  /// Errors: kIo: any part of what was written since the last successful sync may be lost, even
  /// though reads may still show it; another sync() would report success without writing it. The
  /// bytes must be written again, elsewhere.
  virtual Result<void> sync() = 0;

  /// Sets the size. Errors: kNoSpace, kIo.
  virtual Result<void> truncate(std::uint64_t size) = 0;

  /// Errors: kIo.
  virtual Result<std::uint64_t> size() = 0;
};

/// The files of one machine. Paths are relative, parts separated by '/'; a directory exists before
/// something is made in it, but for the root "". Every call answers kInvalid to a malformed path,
/// or to a directory where a file is meant.
class Disk {
 public:
  virtual ~Disk() = default;

  /// Errors: kNotFound, kAlreadyExists (see OpenMode), kNoSpace, kIo.
  virtual Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) = 0;

  /// Makes a directory; success where it exists.
  /// Errors: kNotFound (no parent), kAlreadyExists (a file has the name), kNoSpace, kIo.
  virtual Result<void> make_directory(std::string_view path) = 0;

  /// Replaces `to` by `from` at once, also as a power loss sees it. Errors: kNotFound, kIo.
  virtual Result<void> rename(std::string_view from, std::string_view to) = 0;

  /// Removes a file's name. Errors: kNotFound, kIo.
  virtual Result<void> unlink(std::string_view path) = 0;

  /// Names in a directory, sorted, without their path. Errors: kNotFound, kIo.
  virtual Result<std::vector<std::string>> list(std::string_view path) = 0;

  /// Makes the names in a directory durable. Errors: kNotFound, kIo.
  virtual Result<void> sync_directory(std::string_view path) = 0;
};

}  // namespace millrace
