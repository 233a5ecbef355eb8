#include "sim/run/planned_clients.h"

#include <algorithm>

#include "sim/kernel/arena.h"
#include "system/base/check.h"

namespace millrace::run {

using sim::ArenaScope;

// --- all clients ---

PlannedClients::PlannedClients(sim::World& world, sim::FaultEngine& faults, const Plan& plan,
                               const Directory& directory, History& history)
    : world_(world), faults_(faults), directory_(directory), history_(history) {
  std::set<std::uint64_t> all;
  for (const PlanClient& client : plan.clients) {
    clients_.push_back(std::make_unique<PlannedClient>(*this, client));
    for (const PlanOperation& planned : client.operations) all.insert(planned.operation.id);
  }
  for (const PlanClient& client : plan.clients) {
    for (const PlanOperation& planned : client.operations) {
      if (planned.after.has_value() && all.contains(*planned.after))
        planned_.insert(*planned.after);
    }
  }
}

PlannedClients::~PlannedClients() = default;

bool PlannedClients::have_started_finished() const {
  return std::ranges::all_of(
      clients_, [](const auto& one) { return !one->has_started() || one->has_finished(); });
}

bool PlannedClients::have_finished(std::string_view workload, const PlannedClient* but) const {
  return std::ranges::all_of(clients_, [&](const auto& one) {
    return one.get() == but || one->plan().workload != workload || !one->has_started() ||
           one->has_finished();
  });
}

IdRanges PlannedClients::taken_operations() const {
  std::vector<std::uint64_t> taken;
  for (const auto& client : clients_) {
    for (std::size_t i = 0; i < client->next_; ++i) {
      taken.push_back(client->plan().operations[i].operation.id);
    }
  }
  return IdRanges(std::move(taken));
}

void PlannedClients::operation_ended(std::uint64_t id, Outcome outcome) {
  if (outcome == Outcome::kOk) ++acked_operations_;
  history_.record(OperationEnded{.operation = id, .outcome = outcome});
  let_followers_start(id);
}

void PlannedClients::let_followers_start(std::uint64_t id) {
  if (!planned_.contains(id)) return;
  ended_.insert(id);
  for (const auto& client : clients_) client->schedule_next();
}

// --- one client ---

PlannedClient::PlannedClient(PlannedClients& all, const PlanClient& plan)
    : all_(all), plan_(plan), where_(sim::where_of(plan.name, "operations")) {}

std::optional<Operation> PlannedClient::next_operation() { return next_operation(Instant::max()); }

std::optional<Operation> PlannedClient::next_operation(Instant deadline) {
  const PlanOperation* taken = nullptr;
  {
    const ArenaScope simulator(nullptr);
    if (!wait_for_next(deadline)) return std::nullopt;
    taken = &plan_.operations[next_++];
    pending_.insert(taken->operation.id);
    all_.faults_.on_operation_taken(taken->operation.id);
    all_.history_.record(
        OperationTaken{.operation = taken->operation.id, .kind = taken->operation.kind});
  }
  return taken->operation;
}

bool PlannedClient::wait_for_next(Instant deadline) {
  CHECK(waiter_ == nullptr, "one task of a client at a time waits for its next operation");
  if (is_plan_done()) return false;
  waiter_ = all_.world_.current();
  may_start_ = false;
  schedule_next();
  Wake wake = Wake::kUnparked;
  while (!may_start_ && wake == Wake::kUnparked) wake = all_.world_.wait_in_device(deadline);
  waiter_ = nullptr;
  if (start_event_.has_value()) all_.world_.cancel(*start_event_);
  start_event_.reset();
  return may_start_;
}

void PlannedClient::schedule_next() {
  if (waiter_ == nullptr || start_event_.has_value() || may_start_) return;
  const PlanOperation& planned = plan_.operations[next_];
  const bool waits_for_another = planned.after.has_value() &&
                                 all_.planned_.contains(*planned.after) &&
                                 !all_.ended_.contains(*planned.after);
  if (waits_for_another) return;
  const sim::SimTime due = std::max(all_.world_.now(), all_.started_at_ + planned.not_before);
  const sim::Root root = sim::operation_root(planned.operation.id);
  const sim::EventIdentity who = all_.world_.identify(root, sim::EventKind::kControl, where_);
  start_event_ = all_.world_.schedule(who, due, sim::EntityId(0), *this, planned.operation.id);
}

void PlannedClient::mark_finished() {
  has_finished_ = true;
  for (std::size_t i = next_; i < plan_.operations.size(); ++i) {
    all_.let_followers_start(plan_.operations[i].operation.id);
  }
}

void PlannedClient::on_event(const sim::Event& event) {
  start_event_.reset();
  if (waiter_ == nullptr) return;
  may_start_ = true;
  all_.world_.make_ready(*waiter_, event.who);
}

void PlannedClient::finish(const Operation& operation, Outcome outcome) {
  const ArenaScope simulator(nullptr);
  const bool was_pending = pending_.erase(operation.id) == 1;
  CHECK(was_pending, "an operation is finished once, by the client that took it");
  all_.operation_ended(operation.id, outcome);
}

std::uint64_t PlannedClient::bits(const Operation& operation, std::uint32_t index) const {
  const sim::EventId key{sim::operation_root(operation.id).value};
  return all_.world_.choices().bits(key, sim::Purpose::kWorkload, index);
}

bool PlannedClient::have_finished(std::string_view workload) const {
  return all_.have_finished(workload, this);
}

void PlannedClient::process_ended() {
  waiter_ = nullptr;
  if (start_event_.has_value()) all_.world_.cancel(*start_event_);
  start_event_.reset();
  while (!pending_.empty()) {
    const std::uint64_t id = *pending_.begin();
    pending_.erase(pending_.begin());
    all_.operation_ended(id, Outcome::kUnknown);
  }
}

}  // namespace millrace::run
