#include "sim/run/run.h"

#include <chrono>
#include <fmt/format.h>

#include "sim/run/debugger.h"
#include "sim/run/run_world.h"
#include "sim/run/signature.h"
#include "sim/run/trail.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

using sim::SimTime;
using sim::StopKind;

/// Formatting is quick and undisturbed: longer means that it hangs.
constexpr Duration kFormatMax = seconds(600);
/// For what a client leaves behind to arrive and be dealt with: its last requests, and the ends of
/// its connections with a retransmission or two.
constexpr Duration kRest = seconds(1);

std::string describe(const CheckFailure& failure) {
  std::string text = fmt::format("CHECK({}) failed", failure.condition);
  if (!failure.message.empty()) text += fmt::format(": {}", failure.message);
  if (!failure.values.empty()) text += fmt::format(" ({})", failure.values);
  return text + fmt::format(", at {}:{}", failure.file, failure.line);
}

/// Runs one plan through its phases and writes down what came of it.
class Runner {
 public:
  Runner(const Registry& registry, const Scenario& scenario, const Plan& plan,
         const RunOptions& options)
      : scenario_(scenario),
        plan_(plan),
        options_(options),
        run_(registry, scenario, plan, options) {}

  RunRecord run() {
    const auto started = std::chrono::steady_clock::now();
    go_through_phases();
    run_.faults().finish();
    finish_record();
    record_.wall_ns = (std::chrono::steady_clock::now() - started).count();
    return std::move(record_);
  }

 private:
  /// Runs until `until`, or until every started client has finished where `waits_for_clients`.
  /// Returns whether the run goes on.
  bool run_until(SimTime until, bool waits_for_clients) {
    while (true) {
      if (waits_for_clients && run_.clients().have_started_finished()) return true;
      const StopKind stop = run_world(until);
      switch (stop) {
        case StopKind::kTime:
        case StopKind::kIdle:
          return true;
        case StopKind::kLimit:
          if (is_at_wanted_end()) return false;
          [[fallthrough]];
        case StopKind::kCheckFailed:
          break_down(stop);
          return false;
        case StopKind::kStopped:
          if (has_failed()) return false;
          break;  // The last client finished: see above, or go on until the time is up.
      }
    }
  }

  bool has_failed() {
    return !run_.properties().objections().empty() && !options_.runs_on_after_violation;
  }

  /// World::run_until, with a stop for the debugger on the way.
  StopKind run_world(SimTime until) {
    const StopKind stop = run_.world().run_until(until);
    const bool is_at_break = stop == StopKind::kLimit && options_.break_event != 0 &&
                             run_.world().ordinal() == options_.break_event &&
                             run_.world().stop_detail() == "events";
    if (!is_at_break) return stop;
    run_.world().set_event_limit(options_.last_event());
    stop_for_debugger(run_.world());
    return run_.world().run_until(until);
  }

  bool is_at_wanted_end() {
    if (options_.until_event == 0 || run_.world().stop_detail() != "events") return false;
    record_.verdict = Verdict::kInconclusive;
    record_.reason = fmt::format("stopped after event {}, as asked", options_.until_event);
    return true;
  }

  void go_through_phases() {
    if (!format()) return;
    const SimTime started = run_.world().now();
    run_.history().record(PhaseBegan{.phase = Phase::kFaults});
    run_.boot_all();
    run_.faults().start();
    if (!run_until(started + plan_.run_for, false)) return;

    const sim::Core core = run_.faults().heal_core();
    run_.history().record(PhaseBegan{.phase = Phase::kSettle});
    run_.clients().begin_settle();
    run_.boot_clients(ClientStart::kSettle);
    const SimTime deadline = started + plan_.run_for + plan_.settle_for;
    if (!run_until(deadline, true)) return;
    if (run_.clients().have_started_finished()) {
      if (!come_to_rest(core)) return;
      run_.boot_clients(ClientStart::kLast);
      // The rest was nobody's time to finish in.
      if (!run_until(deadline + kRest, true)) return;
      is_settled_ = run_.clients().have_started_finished();
      if (is_settled_ && !come_to_rest(core)) return;
    }
    end();
  }

  /// Waits until servers have noticed that their clients are gone, and records what they hold.
  bool come_to_rest(const sim::Core& core) {
    if (!run_until(run_.world().now() + kRest, false)) return false;
    run_.record_holdings(core.members);
    return true;
  }

  bool format() {
    run_.faults().start_before_format();
    run_.begin_format();
    const SimTime until = run_.world().now() + kFormatMax;
    while (run_.is_formatting() && run_.world().now() < until) {
      const StopKind stop = run_world(until);
      if (stop == StopKind::kCheckFailed || stop == StopKind::kLimit) {
        if (!is_at_wanted_end()) break_down(stop);
        return false;
      }
      if (stop == StopKind::kIdle) break;
    }
    if (run_.format_failure().has_value()) {
      record_.breakdown = run_.format_failure();
      record_.verdict = Verdict::kFail;
      return false;
    }
    if (!run_.is_formatting()) return true;
    record_.breakdown = Breakdown{};
    record_.breakdown->signature = limit_signature("format");
    record_.breakdown->what = "format did not end";
    record_.limit = "format";
    record_.verdict = Verdict::kLimit;
    return false;
  }

  void end() {
    has_ended_ = true;
    run_.history().flush();
    run_.history().record(RunEnded{.is_settled = is_settled_});
    run_.properties().at_end(run_.history().here(At::kNoMachine));
  }

  void break_down(StopKind stop) {
    const sim::StopPlace& place = run_.world().stop_place();
    Breakdown breakdown;
    breakdown.machine = place.machine;
    breakdown.role = place.role;
    breakdown.task = place.task;
    const sim::Machine* const machine = run_.world().find_machine(place.machine);
    breakdown.at = run_.history().here(machine == nullptr ? At::kNoMachine : machine->index());
    const std::string& which = run_.world().stop_detail();
    if (stop == StopKind::kCheckFailed) {
      breakdown.signature = check_signature(run_.world().check_failure());
      breakdown.what = describe(run_.world().check_failure());
      record_.verdict = Verdict::kFail;
    } else if (which == "steps_without_progress") {
      breakdown.signature = hang_signature(place.role, place.task);
      breakdown.what = fmt::format("{} steps without any virtual progress",
                                   options_.limits.steps_without_progress);
      record_.verdict = Verdict::kHang;
    } else {
      breakdown.signature = limit_signature(which);
      breakdown.what = fmt::format("the limit of {} was reached", which);
      record_.verdict = Verdict::kLimit;
      record_.limit = which;
    }
    record_.breakdown = std::move(breakdown);
  }

  void finish_record() {
    sim::World& world = run_.world();
    record_.scenario = plan_.scenario;
    record_.seed = plan_.seed;
    record_.strategy = sim::to_text(plan_.strategy.kind);
    record_.plan = plan_hash(plan_);
    record_.events = world.ordinal();
    record_.virtual_ns = world.now().ns;
    record_.acked_operations = run_.clients().acked_operations();
    record_.taken_operations = run_.clients().taken_operations().text();
    record_.records = run_.history().records();
    record_.client_records = run_.history().client_records();
    record_.properties = run_.properties().results(has_ended_);
    record_.marks = run_.marks();
    record_.override_matches = world.choices().override_matches();
    record_.trace = run_.history().take_trace();
    record_.trace_facts = run_.history().take_trace_facts();
    record_.draws = run_.take_draws();
    if (CrashProbe* const probe = run_.crash_probe(); probe != nullptr) {
      record_.crash_points = probe->take_points();
      record_.power_losses = probe->take_losses();
    }
    record_faults();
    record_verdict();
    world.fingerprint().finish();
    record_.fingerprint = world.fingerprint().value();
    if (options_.keeps_block_hashes) record_.block_hashes = world.fingerprint().block_hashes();
    if (!options_.keeps_blocks()) {
      if (options_.is_traced) record_.trail = make_trail(world.fingerprint().kept());
      return;
    }
    std::uint64_t number = options_.keep_block_first * sim::Fingerprint::kBlockRecords;
    for (const sim::FingerprintRecord& kept : world.fingerprint().kept()) {
      record_.kept.push_back(run_.describe(kept, number++));
    }
  }

  void record_faults() {
    for (const sim::FaultKindInfo& info : sim::fault_kinds()) {
      const sim::FaultMeter& meter = run_.meters().of(info.kind);
      if (meter.planned == 0 && meter.took_effect == 0) continue;
      record_.faults.push_back({.kind = std::string(info.name),
                                .planned = meter.planned,
                                .fired = meter.fired,
                                .refused = meter.refused,
                                .took_effect = meter.took_effect});
    }
    for (std::size_t i = 0; i < sim::kSituationCount; ++i) {
      const auto situation = static_cast<sim::Situation>(i);
      const std::uint64_t count = run_.meters().of(situation);
      if (count > 0) record_.situations[std::string(sim::to_text(situation))] = count;
    }
    record_.refused_faults = run_.faults().refused();
    const std::vector<sim::FaultState>& states = run_.faults().states();
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i] != sim::FaultState::kWaiting) continue;
      record_.unmatched_faults.push_back(plan_.faults.actions[i].id);
    }
    for (const sim::MetMoment& met : run_.faults().met_moments()) {
      if (met.operation == 0) continue;
      record_.met_moments.push_back({.fault = plan_.faults.actions[met.action].id,
                                     .operation = met.operation,
                                     .nth = met.nth});
    }
  }

  void record_verdict() {
    const std::vector<Objection>& objections = run_.properties().objections();
    if (!objections.empty()) {
      record_.violation = objections.front();
      record_.consequences.assign(objections.begin() + 1, objections.end());
      record_.verdict = Verdict::kFail;
      return;
    }
    const std::uint64_t floor = scenario_.floors.acked_operations;
    if (record_.verdict == Verdict::kPass && record_.acked_operations < floor) {
      record_.verdict = Verdict::kInconclusive;
      record_.reason =
          fmt::format("{} acknowledged operations, floor {}", record_.acked_operations, floor);
    }
  }

  const Scenario& scenario_;
  const Plan& plan_;
  const RunOptions& options_;
  RunWorld run_;
  RunRecord record_;
  bool has_ended_ = false;
  bool is_settled_ = false;
};

}  // namespace

RunRecord run_plan(const Registry& registry, const Scenario& scenario, const Plan& plan,
                   const RunOptions& options) {
  return Runner(registry, scenario, plan, options).run();
}

}  // namespace millrace::run
