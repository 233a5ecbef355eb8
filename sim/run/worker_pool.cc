#include <algorithm>
#include <csignal>
#include <deque>
#include <fmt/format.h>
#include <sys/wait.h>

#include "sim/run/signature.h"
#include "sim/run/symbols.h"
#include "sim/run/worker.h"
#include "sim/run/worker_main.h"
#include "sim/run/zygote.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

/// Runs of one process: enough that a fork costs little, few enough that a leak shows in some seed.
constexpr std::size_t kBatchSize = 64;
constexpr int kTickMs = 100;

std::string_view signal_name(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    case SIGABRT:
      return "SIGABRT";
    case SIGKILL:
      return "SIGKILL";
    default:
      return "signal";
  }
}

/// The line by which a sanitizer sums up (UndefinedBehaviorSanitizer's only one), or the last line
/// that there is.
std::string summary_line(const std::string& errors) {
  std::string last;
  for (std::size_t start = 0; start < errors.size();) {
    const std::size_t end = std::min(errors.find('\n', start), errors.size());
    const std::string line = errors.substr(start, end - start);
    start = end + 1;
    const bool is_summary = line.starts_with("SUMMARY: ") || line.contains(": runtime error: ");
    if (is_summary) return line;
    if (!line.empty()) last = line;
  }
  return last;
}

Breakdown breakdown_of(const CrashPage& page, const std::string& errors) {
  Breakdown breakdown;
  breakdown.machine = page.machine;
  // Outside of every task the harness itself, or a property, is what failed.
  breakdown.role = page.role[0] == '\0' ? "harness" : page.role;
  breakdown.task = page.task[0] == '\0' ? "run" : page.task;
  breakdown.at.ordinal = page.ordinal;
  breakdown.at.time = {page.time_ns};
  breakdown.frames = symbolise(std::span(page.frames).first(page.frame_count));
  const std::string summary = summary_line(errors);
  if (page.kind == DeathKind::kHang) {
    breakdown.signature = hang_signature(breakdown.role, breakdown.task);
    breakdown.what = "no virtual progress";
    return breakdown;
  }
  if (page.kind == DeathKind::kSanitizer) {
    breakdown.signature = crash_signature(page.what, breakdown.role, breakdown.task);
    breakdown.what = summary.empty() ? page.what : summary;
    return breakdown;
  }
  const std::string_view what =
      page.is_stack_overflow ? "stack-overflow" : signal_name(page.signal);
  breakdown.signature = crash_signature(what, breakdown.role, breakdown.task);
  breakdown.what = fmt::format("{} at address {:#x}", what, page.address);
  if (page.signal == SIGABRT) breakdown.what = summary.empty() ? "aborted" : summary;
  return breakdown;
}

}  // namespace

/// The pool behind its interface: slots, what each of them still has to do, and who died.
class WorkerPool::State {
 public:
  State(const RunSource& source, std::uint32_t jobs, const WorkerOptions& options)
      : source_(source), options_(options), zygote_(source, jobs, options), slots_(jobs) {
    CHECK(jobs > 0, "somebody has to do the work");
  }

  bool run(const Source& next, const Sink& take, const Tick& tick) {
    while (true) {
      for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
        if (!slots_[slot].is_running) start_next(slot, next);
      }
      if (!is_busy()) return true;
      zygote_.wait(kTickMs);
      if (!collect(take) || !tick()) {
        stop();
        return false;
      }
      if (!zygote_.is_alive()) {
        lose_everything(take);
        return false;
      }
    }
  }

  RunReply run_alone(RunRequest request) {
    RunReply reply = run_one(request);
    // Steps without progress are counted; only CPU time may have been another's fault.
    const bool is_by_cpu_time =
        reply.record.verdict == Verdict::kHang && reply.record.fingerprint == 0;
    if (!is_by_cpu_time) return reply;
    request.hang_factor = kHangConfirmFactor;
    return run_one(request);
  }

  std::uint64_t peak_rss_kib() const { return peak_rss_kib_; }

 private:
  struct Slot {
    bool is_running = false;
    std::deque<RunRequest> requests;  // Sent, and not answered.
  };

  RunReply run_one(const RunRequest& request) {
    std::optional<RunReply> reply;
    bool is_given = false;
    const Source once = [&](std::size_t) -> std::vector<RunRequest> {
      if (std::exchange(is_given, true)) return {};
      return {request};
    };
    const Sink keep = [&](RunReply got) {
      reply = std::move(got);
      return true;
    };
    run(once, keep, [] { return true; });
    CHECK(reply.has_value(), "each request is answered, if only with a tool's error");
    return *std::move(reply);
  }

  bool is_busy() const { return std::ranges::any_of(slots_, &Slot::is_running); }

  /// Starts what a dead worker left over, or something new.
  void start_next(std::uint32_t slot, const Source& next) {
    Slot& mine = slots_[slot];
    if (mine.requests.empty()) {
      const std::vector<RunRequest> fresh = next(kBatchSize);
      mine.requests.assign(fresh.begin(), fresh.end());
    }
    if (mine.requests.empty()) return;
    const bool has_loner = std::ranges::any_of(mine.requests, &RunRequest::is_alone);
    CHECK((!has_loner || mine.requests.size() == 1), "some requests need a process of their own");
    zygote_.start(slot, {mine.requests.begin(), mine.requests.end()});
    mine.is_running = true;
  }

  /// Hands over the replies that are there, and looks at who has ended.
  bool collect(const Sink& take) {
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
      if (!collect_replies(slot, take)) return false;
    }
    while (const std::optional<Zygote::Ended> ended = zygote_.next_end()) {
      peak_rss_kib_ = std::max(peak_rss_kib_, ended->peak_rss_kib);
      if (!collect_replies(ended->slot, take)) return false;
      zygote_.clear_replies(ended->slot);
      Slot& slot = slots_[ended->slot];
      slot.is_running = false;
      if (slot.requests.empty()) continue;
      RunReply reply = reply_of_dead(ended->slot, ended->status);
      slot.requests.pop_front();
      if (!take(std::move(reply))) return false;
    }
    return true;
  }

  bool collect_replies(std::uint32_t slot, const Sink& take) {
    Slot& mine = slots_[slot];
    while (const std::optional<std::string> frame = zygote_.next_reply(slot)) {
      CHECK(!mine.requests.empty(), "a worker answers only what it was asked");
      RunReply reply;
      reply.request = std::move(mine.requests.front());
      mine.requests.pop_front();
      reply_from_json(*frame, reply);
      if (!take(std::move(reply))) return false;
    }
    return true;
  }

  RunReply reply_of_dead(std::uint32_t slot, int status) {
    const CrashPage& page = zygote_.page(slot);
    RunReply reply;
    reply.request = slots_[slot].requests.front();
    reply.record = skeleton(reply.request);
    if (page.kind == DeathKind::kNone) {
      reply.tool_error =
          WIFSIGNALED(status)
              ? fmt::format("worker lost: killed by {}", signal_name(WTERMSIG(status)))
              : fmt::format("worker lost: it ended with status {}", WEXITSTATUS(status));
      return reply;
    }
    reply.record.verdict = page.kind == DeathKind::kHang ? Verdict::kHang : Verdict::kCrash;
    reply.record.events = page.ordinal;
    reply.record.virtual_ns = page.time_ns;
    reply.record.breakdown = breakdown_of(page, zygote_.stderr_of(slot));
    return reply;
  }

  /// What is known of a run without running it.
  RunRecord skeleton(const RunRequest& request) const {
    RunRecord record;
    const Scenario& scenario = source_.scenarios[request.scenario];
    record.scenario = scenario.name;
    record.seed = request.seed;
    Result<Plan> plan = request.plan_json.has_value()
                            ? plan_from_json(*request.plan_json, *source_.registry)
                            : draw_plan(*source_.registry, scenario, request.seed);
    if (!plan.has_value()) return record;
    record.seed = plan->seed;
    record.strategy = sim::to_text(plan->strategy.kind);
    record.plan = plan_hash(*plan);
    return record;
  }

  void stop() {
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
      if (slots_[slot].is_running) zygote_.kill(slot);
      slots_[slot].requests.clear();
    }
    const Sink nobody = [](const RunReply&) { return true; };
    while (is_busy() && zygote_.is_alive()) {
      zygote_.wait(kTickMs);
      drop_replies();
      collect(nobody);
    }
  }

  void drop_replies() {
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
      while (zygote_.next_reply(slot).has_value()) continue;
    }
  }

  /// The zygote is gone, and with it every worker.
  void lose_everything(const Sink& take) {
    for (Slot& slot : slots_) {
      slot.is_running = false;
      for (const RunRequest& request : std::exchange(slot.requests, {})) {
        RunReply reply;
        reply.request = request;
        reply.record = skeleton(request);
        reply.tool_error =
            "worker lost: " +
            (zygote_.trouble().empty() ? "no process can be started" : zygote_.trouble());
        take(std::move(reply));
      }
    }
  }

  const RunSource& source_;
  WorkerOptions options_;
  Zygote zygote_;
  std::vector<Slot> slots_;
  std::uint64_t peak_rss_kib_ = 0;
};

WorkerPool::WorkerPool(const RunSource& source, std::uint32_t jobs, const WorkerOptions& options)
    : state_(std::make_unique<State>(source, jobs, options)) {}

WorkerPool::~WorkerPool() = default;

bool WorkerPool::run(const Source& next, const Sink& take, const Tick& tick) {
  return state_->run(next, take, tick);
}

RunReply WorkerPool::run_alone(const RunRequest& request) { return state_->run_alone(request); }

std::uint64_t WorkerPool::peak_rss_kib() const { return state_->peak_rss_kib(); }

RunReply run_alone(const RunSource& source, const RunRequest& request,
                   const WorkerOptions& options) {
  return WorkerPool(source, 1, options).run_alone(request);
}

RunReply run_request(const RunSource& source, const RunRequest& request,
                     const WorkerOptions& options) {
  RunReply reply;
  reply.request = request;
  const Scenario& scenario = source.scenarios[request.scenario];
  reply.record.scenario = scenario.name;
  reply.record.seed = request.seed;
  Plan plan;
  if (request.plan_json.has_value()) {
    Result<Plan> read = plan_from_json(*request.plan_json, *source.registry);
    if (!read.has_value()) {
      reply.tool_error = read.error().detail;
      return reply;
    }
    plan = *std::move(read);
  } else {
    plan = draw_plan(*source.registry, scenario, request.seed);
  }
  const RunOptions run{.limits = options.limits,
                       .is_traced = request.is_traced,
                       .keeps_block_hashes = request.keeps_block_hashes,
                       .keep_block_first = request.keep_block_first,
                       .keep_block_last = request.keep_block_last,
                       .keeps_draws = request.keeps_draws,
                       .crash_points = request.crash_points,
                       .mutation = request.mutation,
                       .runs_on_after_violation = request.runs_on_after_violation,
                       .until_event = request.until_event,
                       .break_event = request.break_event,
                       .log = request.log};
  reply.record = run_plan(*source.registry, scenario, plan, run);
  return reply;
}

}  // namespace millrace::run
