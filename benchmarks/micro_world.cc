#include "benchmarks/micro_world.h"

#include <utility>

#include "benchmarks/probe.h"
#include "sim/devices/sim_env.h"
#include "system/base/check.h"

namespace millrace::benchmarks {
namespace {

// Of the windows that seeds draw (10 us to 10 ms) one in which 100 tasks leave their CPU free at
// times: then the strategy decides who goes on, and not the queue for the CPU.
constexpr Duration kWindow = milliseconds(1);

sim::WorldOptions options_of(sim::StrategyKind strategy) {
  sim::WorldOptions options;
  options.strategy.kind = strategy;
  if (strategy != sim::StrategyKind::kFifo) options.strategy.window = kWindow;
  return options;
}

}  // namespace

MicroWorld::MicroWorld(sim::StrategyKind strategy)
    : world_(std::make_unique<sim::World>(options_of(strategy), observer_)),
      network_(
          std::make_unique<sim::NetworkDevice>(*world_, sim::NetworkSpec{}, meters_, anchors_)) {}

// The devices hear of the ends of processes: the world goes first.
MicroWorld::~MicroWorld() { world_.reset(); }

void MicroWorld::boot(const std::string& name, std::function<void(Env&)> main) {
  sim::Machine& machine = world_->add_machine(name, sim::ClockSpec{});
  disks_.push_back(
      std::make_unique<sim::DiskDevice>(*world_, machine, meters_, anchors_, sim::DiskOptions{}));
  sim::DiskDevice& disk = *disks_.back();
  world_->boot(machine, "program", sim::boot_root(name, {}), [&](sim::Process& process) {
    Env& env = sim::SimEnv::install(*world_, process, *network_, disk, anchors_);
    return std::function<void()>([&env, main = std::move(main)] { main(env); });
  });
}

void MicroWorld::run(Duration duration) {
  const sim::StopKind stop = world_->run_until(world_->now() + duration);
  CHECK(stop == sim::StopKind::kTime, "the programs of a benchmark run on");
}

Throughput measure(MicroWorld& world, const std::uint64_t& counter, Duration measured) {
  world.run(measured / 4);
  const std::uint64_t counted_before = counter;
  const double cpu_before = cpu_seconds();
  world.run(measured);
  const double cpu = cpu_seconds() - cpu_before;
  return {.count = static_cast<double>(counter - counted_before), .cpu_seconds = cpu};
}

}  // namespace millrace::benchmarks
