// The simulator as a backend: each seed has its own strategy, clocks and latencies.

#include <algorithm>
#include <map>
#include <utility>

#include "sim/devices/disk_device.h"
#include "sim/devices/network_device.h"
#include "sim/devices/sim_env.h"
#include "sim/kernel/world.h"
#include "tests/env_conformance/env_factory.h"

namespace millrace::conformance {
namespace {

using sim::ArenaScope;

constexpr std::int32_t kRatePpm = 800;
constexpr std::uint64_t kRoomBytes = 1000;
constexpr Duration kPatience = seconds(600);

sim::WorldOptions options_of(std::uint64_t seed) {
  constexpr sim::StrategyKind kKinds[] = {sim::StrategyKind::kFifo, sim::StrategyKind::kRandom,
                                          sim::StrategyKind::kPos, sim::StrategyKind::kPct};
  sim::WorldOptions options;
  options.seed = seed;
  options.strategy.kind = kKinds[seed % 4];
  options.strategy.window = microseconds(static_cast<std::int64_t>(seed % 5) * 200);
  return options;
}

class SimWorld final : public ConformanceWorld, private sim::Observer {
 public:
  SimWorld(std::uint64_t seed, sim::NameOrder order)
      : order_(order), world_(options_of(seed), *this), network_(world_, {}, meters_, anchors_) {}

  ~SimWorld() override {
    // Devices hear of the ends of processes as long as there are any.
    for (const auto& machine : world_.machines()) {
      world_.kill(*machine, sim::ProcessEnd::kPowerLoss);
    }
  }

  void start(const std::string& name, Body body) override {
    sim::Machine& on = machine(name);
    sim::DiskDevice& disk = *disks_.at(name);
    const sim::Root root = sim::boot_root(name, sim::fault_root(++starts_));
    world_.boot(on, "program", root, [&](sim::Process& process) -> std::function<void()> {
      Env& env = sim::SimEnv::install(world_, process, network_, disk, anchors_);
      // A copy, made in the process's arena: a kill frees that, but nothing that its main owned
      // elsewhere.
      return [this, &on, &env, body] {
        Process program(env, [this, &on](std::string_view line) { hear(on, line); });
        body(program);
      };
    });
  }

  Stop run(std::string_view until) override {
    awaited_ = until;
    has_heard_ = false;
    const sim::SimTime end = world_.now() + kPatience;
    while (world_.now() < end) {
      switch (world_.run_until(world_.now() + milliseconds(10))) {
        case sim::StopKind::kCheckFailed:
          return Stop::kCheckFailed;
        case sim::StopKind::kLimit:
          return Stop::kStuck;
        case sim::StopKind::kIdle:
        case sim::StopKind::kTime:
        case sim::StopKind::kStopped:
          break;
      }
      if (has_heard_) return Stop::kSaid;
      if (is_all_ended()) return Stop::kAllEnded;
    }
    return Stop::kStuck;
  }

  void crash(const std::string& name, Crash crash) override {
    if (crash == Crash::kKill) {
      world_.kill(machine(name), sim::ProcessEnd::kKill);
      return;
    }
    const sim::EventIdentity who =
        world_.identify(sim::fault_root(++starts_), sim::EventKind::kFault, sim::where_of("crash"));
    sim::Machine& crashed = machine(name);
    if (crashed.process() == nullptr) network_.power_lost(crashed);
    disks_.at(name)->power_loss(who, sim::Survival{});
    world_.kill(crashed, sim::ProcessEnd::kPowerLoss);
  }

  void break_connections(const std::string& one, const std::string& other) override {
    network_.break_connections({.from = machine(one), .to = machine(other)}, sim::fault_root(1));
  }

  void suspend(const std::string& name, Duration duration) override {
    world_.suspend(machine(name));
    world_.run_until(world_.now() + duration);
    world_.resume(machine(name));
  }

  void fail_next(const std::string& name, DiskFault fault) override {
    sim::DiskDevice& disk = *disks_.at(name);
    if (fault == DiskFault::kNoSpace) {
      disk.set_room(kRoomBytes);
    } else {
      disk.fail_next({.operation = sim::DiskOperation::kSync,
                      .path = {},
                      .kind = sim::FaultKind::kDiskFailedSync});
    }
  }

  const std::vector<Line>& lines() const override { return lines_; }
  const std::vector<Line>& journal() const override { return journal_; }
  std::string check_failure() const override {
    const CheckFailure& failure = world_.check_failure();
    return std::string(failure.condition) + ": " + std::string(failure.message) + " (" +
           failure.values + ')';
  }

 private:
  sim::Machine& machine(const std::string& name) {
    sim::Machine* const found = world_.find_machine(name);
    if (found != nullptr) return *found;
    const auto index = static_cast<std::int64_t>(world_.machines().size());
    const sim::ClockSpec clock{.local_start = {1'000'000'000 * (index * 7 + 1)},
                               .rate_ppm = index % 2 == 0 ? kRatePpm : -kRatePpm,
                               .wall_start = {1'700'000'000'000'000'000}};
    sim::Machine& made = world_.add_machine(name, clock);
    sim::DiskOptions options;
    options.order = order_;
    disks_[name] = std::make_unique<sim::DiskDevice>(world_, made, meters_, anchors_, options);
    return made;
  }

  bool is_all_ended() const {
    return std::ranges::all_of(world_.machines(),
                               [](const auto& machine) { return machine->process() == nullptr; });
  }

  void hear(const sim::Machine& machine, std::string_view text) {
    const ArenaScope simulator(nullptr);
    lines_.push_back({.machine = machine.name(), .text = std::string(text)});
    if (text != awaited_) return;
    has_heard_ = true;
    world_.stop();
  }

  void on_mark(sim::Machine& machine, std::string_view name) override {
    journal_.push_back({.machine = machine.name(), .text = "mark " + std::string(name)});
  }

  void on_fact(sim::Machine& machine, const FactView& fact) override {
    std::string text = "fact " + std::string(fact.name);
    fact.visit(
        fact.record, &text, [](void* context, std::string_view name, const FieldValue& value) {
          *static_cast<std::string*>(context) += ' ' + std::string(name) + '=' + to_text(value);
        });
    journal_.push_back({.machine = machine.name(), .text = std::move(text)});
  }

  void on_task_exception(sim::Task& task, std::string_view what) override {
    hear(task.machine(), "broken: a task threw " + std::string(what));
  }

  sim::NameOrder order_;
  sim::Meters meters_;
  sim::AnchorSink anchors_;
  std::vector<Line> lines_;
  std::vector<Line> journal_;
  std::string awaited_;
  bool has_heard_ = false;
  std::uint64_t starts_ = 0;
  sim::World world_;
  sim::NetworkDevice network_;
  std::map<std::string, std::unique_ptr<sim::DiskDevice>> disks_;
};

class SimEnvFactory final : public EnvFactory {
 public:
  explicit SimEnvFactory(sim::NameOrder order)
      : order_(order),
        traits_{.name = "sim_" + std::string(sim::to_text(order)),
                .seed_count = 40,
                .clock_rate_ppm_max = kRatePpm,
                .can_lose_power = true,
                .can_break_connections = true,
                .can_suspend = true,
                .can_fail_disks = true,
                .shows_each_may = true} {}

  const Traits& traits() const override { return traits_; }
  std::unique_ptr<ConformanceWorld> make(std::uint64_t seed) const override {
    return std::make_unique<SimWorld>(seed, order_);
  }

 private:
  sim::NameOrder order_;
  Traits traits_;
};

}  // namespace

const std::vector<const EnvFactory*>& sim_env_factories() {
  static const SimEnvFactory ordered(sim::NameOrder::kOrdered);
  static const SimEnvFactory weak(sim::NameOrder::kWeak);
  static const std::vector<const EnvFactory*> all = {&ordered, &weak};
  return all;
}

}  // namespace millrace::conformance
