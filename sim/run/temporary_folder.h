#pragma once

// A folder for files that nobody needs afterwards.

#include <string>

#include "system/base/result.h"

namespace millrace::run {

/// A new folder with a name that nothing else has. It goes with what is in it when this goes; a
/// killed process leaves it behind, hidden.
class TemporaryFolder {
 public:
  /// Makes it below `parent`, which is there. Errors: kIo, with the path and why.
  static Result<TemporaryFolder> make(const std::string& parent);
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path);

  std::string path_;  // Empty once it was moved from.
};

}  // namespace millrace::run
