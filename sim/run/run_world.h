#pragma once

// The world of one plan: its machines with their disks, the network, the faults, and the processes
// that boot, exit and are started again.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/devices/disk_device.h"
#include "sim/devices/network_device.h"
#include "sim/faults/fault_engine.h"
#include "sim/kernel/world.h"
#include "sim/run/crash_probe.h"
#include "sim/run/plan_directory.h"
#include "sim/run/planned_clients.h"
#include "sim/run/property_set.h"
#include "sim/run/run.h"
#include "sim/run/run_history.h"

namespace millrace::run {

/// One a run. Taken apart in its destructor, while everything that listens is still there.
class RunWorld final : public sim::Observer,
                       public sim::ProcessListener,
                       public sim::EventTarget,
                       public sim::Restarter {
 public:
  /// All arguments outlive the world.
  RunWorld(const Registry& registry, const Scenario& scenario, const Plan& plan,
           const RunOptions& options);
  ~RunWorld() override;
  RunWorld(const RunWorld&) = delete;
  RunWorld& operator=(const RunWorld&) = delete;

  sim::World& world() { return *world_; }
  sim::FaultEngine& faults() { return *faults_; }
  const sim::Meters& meters() const { return meters_; }
  PropertySet& properties() { return properties_; }
  RunHistory& history() { return history_; }
  PlannedClients& clients() { return clients_; }
  const std::map<std::string, std::uint64_t, std::less<>>& marks() const { return marks_; }
  /// A record of the fingerprint in words; only where the options keep some.
  KeptEvent describe(const sim::FingerprintRecord& record, std::uint64_t number);
  /// The draws that were kept; only where the options ask for them.
  std::vector<DrawRecord> take_draws() { return std::move(draws_); }
  /// Null unless the options ask for crash points.
  CrashProbe* crash_probe() { return crash_probe_.has_value() ? &*crash_probe_ : nullptr; }

  /// Makes the disks of all roles ready, before anything else happens.
  void begin_format();
  bool is_formatting() const { return formats_pending_ > 0; }
  /// What a format step said when it failed.
  const std::optional<Breakdown>& format_failure() const { return format_failure_; }
  /// Boots every role's machine and the clients that run from the start.
  void boot_all();
  void boot_clients(ClientStart start);
  /// Records what each server process among these machines holds (ProcessHolds).
  void record_holdings(const std::vector<std::string>& machines);

  void on_mark(sim::Machine& machine, std::string_view name) override;
  void on_fact(sim::Machine& machine, const FactView& fact) override;
  void on_note(const sim::Note& note) override { history_.take_note(note); }
  void on_queued(const sim::EventIdentity& who) override { history_.take_queued(who); }
  void on_taken(std::uint64_t message) override { history_.take_taken(message); }
  void on_machine_state(sim::Machine& machine) override { history_.take_machine_state(machine); }
  void on_task_exception(sim::Task& task, std::string_view what) override;
  void on_task_end(sim::Task& task) override;
  void on_end(sim::Process& process, sim::ProcessEnd end) override;
  void on_event(const sim::Event& event) override;
  void restart(sim::Machine& machine, sim::Root root) override;

 private:
  /// What runs on a machine.
  struct Host {
    sim::Machine* machine = nullptr;
    std::unique_ptr<Program> program;
    std::string role;
    const RoleType* role_type = nullptr;  // Null for a client's machine.
    PlannedClient* client = nullptr;      // Null for a role's machine.
    std::unique_ptr<sim::DiskDevice> disk;
    bool is_formatting = false;
    std::string error;  // What the last main returned.
  };

  void add_host(const PlanMachine& plan);
  void add_host(const PlanClient& plan, PlannedClient& client);
  void boot(Host& host, sim::Root root);
  void run_main(Host& host, Env& env);
  void main_returned(Host& host, std::string error);
  void format_ended(Host& host);
  const std::string& machine_name(std::uint32_t machine) const;
  std::optional<std::string> excuse(const PropertyType& type) const;
  static void keep_draw(void* run, const sim::EventIdentity& who, const sim::Choices::Draw& draw);

  const Registry& registry_;
  const Plan& plan_;
  const RunOptions& options_;
  sim::Deployment deployment_;
  sim::Meters meters_;
  std::unique_ptr<sim::World> world_;
  std::unique_ptr<sim::FaultEngine> faults_;
  std::unique_ptr<sim::NetworkDevice> network_;
  PlanDirectory directory_;
  PropertySet properties_;
  RunHistory history_;
  PlannedClients clients_;
  std::vector<Host> hosts_;  // By the machines' indices.
  /// Names of entities by their key in the fingerprint; only where the options keep records.
  struct EntityName {
    std::string machine;
    std::string task;
  };
  void look_at_disk(const sim::Machine& machine, const sim::DiskMoment& moment);
  void name_task(const sim::Task& task);
  void name_machine(const sim::Machine& machine);

  bool names_entities_ = false;
  std::map<std::uint64_t, EntityName> entity_names_;
  std::map<std::string, std::uint64_t, std::less<>> marks_;
  std::string thrown_;  // What the exception that just left a task said.
  std::vector<DrawRecord> draws_;
  std::optional<CrashProbe> crash_probe_;
  std::uint32_t formats_pending_ = 0;
  std::optional<Breakdown> format_failure_;
  bool is_over_ = false;
};

}  // namespace millrace::run
