#include "tests/sim/devices/disk_world.h"

#include <gtest/gtest.h>
#include <utility>

#include "system/base/bytes.h"

namespace millrace::sim {

DiskOptions plain_disk() {
  DiskOptions options;
  options.latency.spread_mean = {};
  options.latency.pause_ratio = Ratio::never();
  return options;
}

void DiskAnchors::on_disk(Machine& /*machine*/, const DiskMoment& moment) {
  if (on_moment) on_moment(moment);
}

DiskWorld::DiskWorld(const DiskOptions& options, std::uint64_t seed,
                     std::vector<Override> overrides)
    : world_({.seed = seed, .overrides = std::move(overrides), .strategy = {}, .limits = {}},
             observer_),
      machine_(world_.add_machine("store-1", {})),
      device_(world_, machine_, meters_, anchors_, options) {}

DiskWorld::~DiskWorld() {
  // The device hears of the end of the process as long as there is one.
  world_.kill(machine_, ProcessEnd::kPowerLoss);
}

void DiskWorld::boot(std::function<void(Disk&)> main) {
  const Root cause = fault_root(++lives_);
  world_.boot(machine_, "program", boot_root("store-1", cause), [&](Process& process) {
    return std::function<void()>([this, &process, main = std::move(main)] {
      SimDisk disk(device_, process);
      main(disk);
    });
  });
}

void DiskWorld::at(Duration time, std::function<void()> action) {
  const auto index = actions_.actions.size();
  actions_.actions.push_back(std::move(action));
  world_.schedule(fault(1000 + index), SimTime{time.ns}, EntityId(0), actions_, index);
}

void DiskWorld::run(Duration duration) {
  const StopKind stop = world_.run_until(world_.now() + duration);
  const bool is_over = stop == StopKind::kTime || stop == StopKind::kIdle;
  EXPECT_TRUE(is_over) << world_.stop_detail() << world_.check_failure().condition << ' '
                       << world_.check_failure().message << ' ' << world_.check_failure().values;
}

void DiskWorld::run_program(std::function<void(Disk&)> main) {
  boot(std::move(main));
  run(seconds(100));
  EXPECT_EQ(machine_.process(), nullptr) << "the program did not come to its end";
}

void DiskWorld::power_loss(const Survival& survival) {
  device_.power_loss(fault(lives_), survival);
  world_.kill(machine_, ProcessEnd::kPowerLoss);
}

EventIdentity DiskWorld::fault(std::uint64_t n) {
  return world_.identify(fault_root(n), EventKind::kFault, where_of("fault"));
}

void DiskWorld::spawn(std::string_view name, std::function<void()> body) {
  const ArenaScope simulator(nullptr);
  world_.spawn(world_.current()->process(), name, world_.current_root(), std::move(body));
}

void DiskWorld::say(std::string_view text) {
  const ArenaScope simulator(nullptr);
  said_.emplace_back(text);
}

void DiskWorld::say(std::string_view what, const Result<void>& result) {
  say(std::string(what) + ": " +
      (result.has_value() ? std::string("ok") : std::string(to_text(result.error().code))));
}

std::uint64_t DiskWorld::all_effects() const {
  std::uint64_t sum = 0;
  for (const FaultKindInfo& kind : fault_kinds()) sum += effects(kind.kind);
  return sum;
}

std::string content(Disk& disk, std::string_view path) {
  const Result<std::unique_ptr<File>> file = disk.open(path, OpenMode::kExisting);
  if (!file) return "open: " + std::string(to_text(file.error().code));
  const Result<Bytes> bytes = (*file)->read(0, 1 << 20);
  if (!bytes) return "read: " + std::string(to_text(bytes.error().code));
  return std::string(as_text(*bytes));
}

Result<void> put(Disk& disk, std::string_view path, std::uint64_t offset, std::string_view text) {
  const std::unique_ptr<File> file = TRY(disk.open(path, OpenMode::kEither));
  return file->write(offset, as_bytes(text));
}

Result<void> put_synced(Disk& disk, std::string_view path, std::uint64_t offset,
                        std::string_view text) {
  const std::unique_ptr<File> file = TRY(disk.open(path, OpenMode::kEither));
  TRY(file->write(offset, as_bytes(text)));
  TRY(file->sync());
  return disk.sync_directory("");
}

}  // namespace millrace::sim
