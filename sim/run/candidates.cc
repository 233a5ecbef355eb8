#include "sim/run/candidates.h"

#include <algorithm>
#include <utility>

#include "sim/kernel/identity.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

using Clock = std::chrono::steady_clock;

/// How much longer than the original a candidate may run: twice as long and a bit.
constexpr std::uint64_t kEventsFactor = 2;
constexpr std::uint64_t kEventsMore = 20'000;

/// How many candidates are asked for beyond the first whose outcome is open, for each worker.
constexpr std::size_t kAheadPerJob = 2;

}  // namespace

/// One search for the first candidate that is alike.
class Candidates::Search {
 public:
  Search(Candidates& all, std::uint64_t current, const Supply& supply, const Care& care,
         std::size_t first)
      : all_(all), current_(current), supply_(supply), care_(care), first_(first) {}

  std::optional<Hit> run() {
    all_.pool_.run([this](std::size_t) { return next(); },
                   [this](const RunReply& reply) {
                     all_.remember(waiting_[reply.request.tag - first_].key, reply);
                     waiting_[reply.request.tag - first_].is_known = true;
                     settle();
                     return !is_done();
                   },
                   [this] { return !is_done() && !all_.is_over(); });
    return std::move(hit_);
  }

 private:
  bool is_done() const { return hit_.has_value(); }

  std::vector<RunRequest> next() {
    const std::size_t ahead = kAheadPerJob * all_.options_.jobs;
    while (!is_done() && !has_all_ && waiting_.size() < ahead && !all_.is_over()) {
      std::optional<Plan> plan = supply_(first_ + waiting_.size());
      if (!plan.has_value()) {
        has_all_ = true;
        break;
      }
      std::string text = plan_to_json(*plan);
      const std::uint64_t key = sim::hash_name(text);
      const bool is_known = key == current_ || all_.outcomes_.contains(key);
      waiting_.push_back({.plan = *std::move(plan), .key = key, .is_known = is_known});
      if (is_known) {
        settle();
        continue;
      }
      RunRequest request = all_.request_for(std::move(text));
      request.tag = first_ + waiting_.size() - 1;
      return {std::move(request)};
    }
    return {};
  }

  /// Looks at the candidates of which the turn has come.
  void settle() {
    while (!is_done() && !waiting_.empty() && waiting_.front().is_known) {
      Waiting candidate = std::move(waiting_.front());
      waiting_.pop_front();
      const std::size_t index = first_++;
      if (candidate.key == current_ || !all_.consume(candidate, care_)) continue;
      hit_ = Hit{.index = index,
                 .plan = std::move(candidate.plan),
                 .record = *all_.outcomes_.at(candidate.key).record};
    }
  }

  Candidates& all_;
  std::uint64_t current_;
  const Supply& supply_;
  const Care& care_;
  std::deque<Waiting> waiting_;
  std::size_t first_;  // The index of the first that waits.
  bool has_all_ = false;
  std::optional<Hit> hit_;
};

Candidates::Candidates(WorkerPool& pool, const RunRecord& original, CandidateOptions options)
    : pool_(pool),
      signature_(original.signature()),
      verdict_(original.verdict),
      options_(std::move(options)) {
  CHECK(original.is_red(), "only a failure can be reduced");
  CHECK(options_.jobs > 0, "somebody has to do the work");
  expect_events(original.events);
}

void Candidates::expect_events(std::uint64_t events) {
  // A limit is reached when it is reached.
  if (verdict_ != Verdict::kLimit) until_event_ = kEventsFactor * events + kEventsMore;
}

bool Candidates::is_alike(const RunRecord& record) const {
  return record.is_red() && record.verdict == verdict_ && record.signature() == signature_;
}

bool Candidates::is_over() {
  is_over_ = is_over_ || runs_ >= options_.runs_max || Clock::now() >= options_.deadline ||
             !options_.goes_on();
  return is_over_;
}

void Candidates::set_deadline(Clock::time_point deadline) {
  options_.deadline = deadline;
  is_over_ = false;
}

RunRequest Candidates::request_for(std::string plan_json) const {
  RunRequest request;
  request.scenario = options_.scenario;
  request.plan_json = std::move(plan_json);
  request.until_event = until_event_;
  request.is_impatient = true;
  return request;
}

void Candidates::remember(std::uint64_t key, const RunReply& reply) {
  Outcome outcome;
  // A plan that cannot be run fails in no way.
  if (!reply.tool_error.has_value() && reply.record.is_red()) {
    outcome.record = std::make_shared<const RunRecord>(reply.record);
  }
  outcomes_.emplace(key, std::move(outcome));
}

std::optional<Candidates::Hit> Candidates::first_alike(const Plan& current, const Supply& supply,
                                                       const Care& care) {
  const std::uint64_t key = sim::hash_name(plan_to_json(current));
  for (std::size_t first = 0; !is_over();) {
    std::optional<Hit> hit = Search(*this, key, supply, care, first).run();
    const bool counts = !hit.has_value() || !care.checks_control || !has_control_ ||
                        !fails_without_faults(hit->plan);
    if (counts) return hit;
    first = hit->index + 1;
  }
  return std::nullopt;
}

/// Counts a run, and says whether it is a success.
bool Candidates::consume(const Waiting& candidate, const Care& care) {
  Outcome& outcome = outcomes_.at(candidate.key);
  const bool is_first = !std::exchange(outcome.is_counted, true);
  if (is_first) ++runs_;
  if (outcome.record == nullptr) return false;
  if (is_alike(*outcome.record)) return true;
  if (is_first && !care.ignores_findings) {
    findings_.try_emplace(std::string(outcome.record->signature()),
                          Finding{.plan = candidate.plan, .record = *outcome.record});
  }
  return false;
}

bool Candidates::fails_without_faults(const Plan& plan) {
  Plan control = plan;
  control.faults.actions.clear();
  std::string text = plan_to_json(control);
  const std::uint64_t key = sim::hash_name(text);
  auto found = outcomes_.find(key);
  if (found == outcomes_.end()) {
    remember(key, run_one(request_for(std::move(text))));
    found = outcomes_.find(key);
  }
  if (!std::exchange(found->second.is_counted, true)) ++runs_;
  return found->second.record != nullptr && is_alike(*found->second.record);
}

void Candidates::try_control(const Plan& plan) {
  has_control_ = !plan.faults.actions.empty() && !fails_without_faults(plan);
}

RunReply Candidates::run_alone(const Plan& plan, RunRequest request) {
  ++runs_;
  request.scenario = options_.scenario;
  request.plan_json = plan_to_json(plan);
  return run_one(std::move(request));
}

/// Unlike the pool's own run_alone() it does not confirm a hang: the original was confirmed.
RunReply Candidates::run_one(RunRequest request) {
  std::optional<RunReply> answer;
  bool is_given = false;
  pool_.run(
      [&](std::size_t) -> std::vector<RunRequest> {
        if (std::exchange(is_given, true)) return {};
        return {request};
      },
      [&](RunReply reply) {
        answer = std::move(reply);
        return true;
      },
      [] { return true; });
  CHECK(answer.has_value(), "each request is answered, if only with a tool's error");
  return *std::move(answer);
}

std::vector<std::optional<RunRecord>> Candidates::run_all(const std::vector<Plan>& plans,
                                                          RunRequest request) {
  std::vector<std::optional<RunRecord>> records(plans.size());
  std::size_t next = 0;
  pool_.run(
      [&](std::size_t) -> std::vector<RunRequest> {
        if (next == plans.size() || is_over()) return {};
        RunRequest one = request;
        one.scenario = options_.scenario;
        one.plan_json = plan_to_json(plans[next]);
        one.is_impatient = true;
        one.tag = next++;
        return {std::move(one)};
      },
      [&](RunReply reply) {
        ++runs_;
        if (!reply.tool_error.has_value()) {
          records[reply.request.tag] = std::move(reply.record);
        }
        return true;
      },
      [this] { return !is_over(); });
  return records;
}

}  // namespace millrace::run
