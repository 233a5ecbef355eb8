#include "sim/run/writable.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <system_error>
#include <unistd.h>

namespace millrace::run {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> cannot_be_written(const std::string& path, int error) {
  return fail(Errc::kInvalid, fmt::format("{}: cannot be written: {}", path,
                                          std::generic_category().message(error)));
}

/// Whether something can be made in a folder that is there.
Result<void> check_folder(const std::string& path, const fs::path& folder) {
  std::string own = (folder / ".millrace-XXXXXX").string();
  if (mkdtemp(own.data()) == nullptr) return cannot_be_written(path, errno);
  rmdir(own.c_str());
  return {};
}

Result<void> check_new_folder(const std::string& path) {
  std::error_code ignored;
  fs::path at = fs::absolute(path, ignored);
  while (!fs::exists(at, ignored) && at != at.parent_path()) at = at.parent_path();
  if (fs::is_directory(at, ignored)) return check_folder(path, at);
  return fail(Errc::kInvalid,
              fmt::format("{}: {} is a file, where a folder is expected", path,
                          at.lexically_relative(fs::current_path(ignored)).string()));
}

Result<void> check_file(const std::string& path) {
  std::error_code ignored;
  const fs::path parent = fs::path(path).parent_path();
  const fs::path folder = parent.empty() ? fs::path(".") : parent;
  if (fs::is_directory(path, ignored)) {
    return fail(Errc::kInvalid, path + ": a folder, where a file is to be written");
  }
  if (!fs::is_directory(folder, ignored)) {
    return fail(Errc::kInvalid, fmt::format("{}: there is no folder {}", path, folder.string()));
  }
  const bool is_there = fs::exists(path, ignored);
  if (is_there && access(path.c_str(), W_OK) != 0) return cannot_be_written(path, errno);
  // A pipe or a device is written as it is, whoever owns its folder.
  if (is_there && !fs::is_regular_file(path, ignored)) return {};
  return check_folder(path, folder);
}

}  // namespace

Result<void> check_writable(const std::string& path, Wanted wanted) {
  return wanted == Wanted::kFile ? check_file(path) : check_new_folder(path);
}

Result<void> write_whole(const std::string& path, std::string_view text) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  const bool is_special = fs::exists(status) && !fs::is_regular_file(status);
  const std::string fresh = is_special ? path : path + ".part";
  errno = 0;
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) {
    const std::error_code why(errno == 0 ? EIO : errno, std::generic_category());
    return fail(Errc::kIo, fmt::format("{}: {}", path, why.message()));
  }
  if (is_special) return {};
  std::error_code failure;
  fs::rename(fresh, path, failure);
  if (failure) return fail(Errc::kIo, fmt::format("{}: {}", path, failure.message()));
  return {};
}

}  // namespace millrace::run
