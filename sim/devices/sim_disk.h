#pragma once

// A process's view of its machine's disk: Env's Disk and File over a DiskDevice.
//
// Both hold no more than a number and where to ask; what is open belongs to the device, which
// closes it when the process ends. What a call returns is made in the process's arena.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/devices/disk_device.h"
#include "sim/kernel/machine.h"
#include "system/env/disk.h"

namespace millrace::sim {

/// The device outlives the process.
class SimDisk final : public Disk {
 public:
  SimDisk(DiskDevice& device, Process& process) : device_(device) {
    CHECK(&process.machine() == &device.machine(), "a process has its own machine's disk");
  }

  Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) override;
  Result<void> make_directory(std::string_view path) override;
  Result<void> rename(std::string_view from, std::string_view to) override;
  Result<void> unlink(std::string_view path) override;
  Result<std::vector<std::string>> list(std::string_view path) override;
  Result<void> sync_directory(std::string_view path) override;

 private:
  DiskDevice& device_;
};

/// An open file. Closing gives no error and takes no time.
class SimFile final : public File {
 public:
  SimFile(DiskDevice& device, DiskDevice::Handle handle) : device_(device), handle_(handle) {}
  ~SimFile() override;
  SimFile(const SimFile&) = delete;
  SimFile& operator=(const SimFile&) = delete;

  Result<void> write(std::uint64_t offset, ByteView bytes) override;
  Result<Bytes> read(std::uint64_t offset, std::size_t size) override;
  Result<void> sync() override;
  Result<void> truncate(std::uint64_t size) override;
  Result<std::uint64_t> size() override;

 private:
  DiskDevice& device_;
  DiskDevice::Handle handle_;
};

}  // namespace millrace::sim
