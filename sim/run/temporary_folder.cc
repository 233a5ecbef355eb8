#include "sim/run/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>
#include <utility>

namespace millrace::run {

Result<TemporaryFolder> TemporaryFolder::make(const std::string& parent) {
  std::string path = (std::filesystem::path(parent) / ".millrace-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) {
    return fail(Errc::kIo, fmt::format("{}: {}", parent, std::generic_category().message(errno)));
  }
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::TemporaryFolder(std::string path) : path_(std::move(path)) {}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, std::string())) {}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace millrace::run
