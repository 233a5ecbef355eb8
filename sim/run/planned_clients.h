#pragma once

// The clients of a run: each hands out the operations of its plan, and together they know who has
// finished what.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/faults/fault_engine.h"
#include "sim/kernel/world.h"
#include "sim/run/client.h"
#include "sim/run/id_ranges.h"
#include "sim/run/plan.h"

namespace millrace::run {

class PlannedClient;

/// What the clients of a run have in common. One a run.
class PlannedClients {
 public:
  /// All arguments outlive the clients.
  PlannedClients(sim::World& world, sim::FaultEngine& faults, const Plan& plan,
                 const Directory& directory, History& history);
  ~PlannedClients();
  PlannedClients(const PlannedClients&) = delete;
  PlannedClients& operator=(const PlannedClients&) = delete;

  /// By the plan's order.
  PlannedClient& client(std::size_t index) { return *clients_[index]; }
  std::size_t size() const { return clients_.size(); }

  /// From now on times of operations count.
  void start() { started_at_ = world_.now(); }
  /// The faults are over.
  void begin_settle() { is_settling_ = true; }
  bool is_settling() const { return is_settling_; }

  /// Whether every client that was started has finished.
  bool have_started_finished() const;
  bool have_finished(std::string_view workload, const PlannedClient* but) const;
  std::uint64_t acked_operations() const { return acked_operations_; }
  /// The operations that their clients took.
  IdRanges taken_operations() const;

 private:
  friend class PlannedClient;

  /// An operation has ended: others that follow it may start.
  void operation_ended(std::uint64_t id, Outcome outcome);
  void let_followers_start(std::uint64_t id);

  sim::World& world_;
  sim::FaultEngine& faults_;
  const Directory& directory_;
  History& history_;
  sim::SimTime started_at_;
  bool is_settling_ = false;
  std::uint64_t acked_operations_ = 0;
  std::set<std::uint64_t> planned_;  // Operations that others wait for, and that are in the plan.
  std::set<std::uint64_t> ended_;    // Those of them that have ended, or never will.
  std::vector<std::unique_ptr<PlannedClient>> clients_;
};

/// One client. Lives as long as the run; its process may be killed and started again.
class PlannedClient final : public Client, public sim::EventTarget {
 public:
  PlannedClient(PlannedClients& all, const PlanClient& plan);

  const std::string& name() const override { return plan_.name; }
  const Directory& directory() const override { return all_.directory_; }
  History& history() override { return all_.history_; }
  bool is_fresh() const override { return plan_.is_fresh; }
  std::optional<Operation> next_operation() override;
  std::optional<Operation> next_operation(Instant deadline) override;
  bool is_plan_done() const override { return next_ == plan_.operations.size(); }
  void finish(const Operation& operation, Outcome outcome) override;
  std::uint64_t bits(const Operation& operation, std::uint32_t index) const override;
  bool is_settling() const override { return all_.is_settling_; }
  bool have_finished(std::string_view workload) const override;

  void on_event(const sim::Event& event) override;

  const PlanClient& plan() const { return plan_; }
  bool has_started() const { return has_started_; }
  bool has_finished() const { return has_finished_; }
  void mark_started() { has_started_ = true; }
  /// What it has not taken is not waited for any more.
  void mark_finished();
  /// The process is gone: what it had taken has an unknown outcome.
  void process_ended();

 private:
  friend class PlannedClients;

  /// Waits until the next operation may start; false at the deadline or on a cancel.
  bool wait_for_next(Instant deadline);
  /// Queues the event that starts the next operation, unless another operation comes first.
  void schedule_next();

  PlannedClients& all_;
  const PlanClient& plan_;
  sim::Where where_;
  std::size_t next_ = 0;
  std::set<std::uint64_t> pending_;  // Taken and not finished.
  sim::Task* waiter_ = nullptr;
  std::optional<sim::EventHandle> start_event_;
  bool may_start_ = false;
  bool has_started_ = false;
  bool has_finished_ = false;
};

}  // namespace millrace::run
