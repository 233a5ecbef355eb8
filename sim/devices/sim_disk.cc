#include "sim/devices/sim_disk.h"

#include "sim/kernel/arena.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

Result<void> as_result(const DiskDevice::Outcome& outcome) {
  if (outcome.has_value()) return fail(outcome->code, std::string(outcome->detail));
  return {};
}

Result<void> as_result(const DiskDevice::Outcome& outcome, std::string_view path) {
  if (!outcome.has_value()) return {};
  return fail(outcome->code, std::string(path) + ": " + std::string(outcome->detail));
}

/// Makes a request on the simulator's heap. The outcome refers to literals only.
template <typename Call>
DiskDevice::Outcome in_simulator(Call call) {
  const ArenaScope simulator(nullptr);
  return call();
}

}  // namespace

Result<std::unique_ptr<File>> SimDisk::open(std::string_view path, OpenMode mode) {
  DiskDevice::Handle handle;
  const DiskDevice::Outcome outcome =
      in_simulator([&] { return device_.open(path, mode, handle); });
  TRY(as_result(outcome, path));
  return std::unique_ptr<File>(std::make_unique<SimFile>(device_, handle));
}

Result<void> SimDisk::make_directory(std::string_view path) {
  const DiskDevice::Outcome outcome = in_simulator([&] { return device_.make_directory(path); });
  return as_result(outcome, path);
}

Result<void> SimDisk::rename(std::string_view from, std::string_view to) {
  const DiskDevice::Outcome outcome = in_simulator([&] { return device_.rename(from, to); });
  return as_result(outcome, from);
}

Result<void> SimDisk::unlink(std::string_view path) {
  const DiskDevice::Outcome outcome = in_simulator([&] { return device_.unlink(path); });
  return as_result(outcome, path);
}

Result<std::vector<std::string>> SimDisk::list(std::string_view path) {
  // Empty while the task waits: a killed task runs no destructor.
  std::vector<std::string_view> views;
  const DiskDevice::Outcome outcome = in_simulator([&] { return device_.list(path, views); });
  std::vector<std::string> names(views.begin(), views.end());
  {
    const ArenaScope simulator(nullptr);
    views = {};
  }
  TRY(as_result(outcome, path));
  return names;
}

Result<void> SimDisk::sync_directory(std::string_view path) {
  const DiskDevice::Outcome outcome = in_simulator([&] { return device_.sync_directory(path); });
  return as_result(outcome, path);
}

SimFile::~SimFile() {
  const ArenaScope simulator(nullptr);
  device_.close(handle_);
}

Result<void> SimFile::write(std::uint64_t offset, ByteView bytes) {
  return as_result(in_simulator([&] { return device_.write(handle_, offset, bytes); }));
}

Result<Bytes> SimFile::read(std::uint64_t offset, std::size_t size) {
  const DiskDevice::Outcome outcome =
      in_simulator([&] { return device_.read(handle_, offset, size); });
  TRY(as_result(outcome));
  Bytes bytes(size);
  const ArenaScope simulator(nullptr);
  device_.take_read(handle_, offset, bytes);
  return bytes;
}

Result<void> SimFile::sync() {
  return as_result(in_simulator([&] { return device_.sync(handle_); }));
}

Result<void> SimFile::truncate(std::uint64_t size) {
  return as_result(in_simulator([&] { return device_.truncate(handle_, size); }));
}

Result<std::uint64_t> SimFile::size() {
  std::uint64_t size = 0;
  TRY(as_result(in_simulator([&] { return device_.size(handle_, size); })));
  return size;
}

}  // namespace millrace::sim
