#include "sim/run/campaign.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fmt/format.h>
#include <set>

#include "sim/run/campaign_db.h"
#include "sim/run/campaign_tally.h"
#include "sim/run/repro_token.h"
#include "sim/run/seed_schedule.h"
#include "sim/run/signature.h"
#include "sim/run/writable.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kCommitEvery{1};
constexpr std::uint64_t kDeterminismEvery = 100;
constexpr std::size_t kDifferencesShown = 3;
constexpr std::uint32_t kCanaryMutations = 10;
/// An interrupted campaign has said all within five seconds.
constexpr std::chrono::seconds kConfirmAfterInterrupt{2};

/// What a request is for, in its tag.
enum class Errand : std::uint64_t { kSeed, kConfirmHang, kConfirmGroup, kDeterminism, kCanary };

bool is_hang_by_cpu_time(const RunRecord& record) {
  // A hang by counted steps has ended its run in order, with a fingerprint.
  return record.verdict == Verdict::kHang && record.fingerprint == 0;
}

/// A folder as it is found from any other one; empty for none.
std::string from_root(const std::string& folder) {
  if (folder.empty()) return {};
  std::error_code unknown;
  const std::filesystem::path whole = std::filesystem::absolute(folder, unknown);
  return unknown ? folder : whole.lexically_normal().string();
}

/// One campaign from its first seed to its summary.
class Campaign {
 public:
  Campaign(const RunSource& source, const CampaignOptions& options, CampaignListener& listener)
      : source_(source),
        options_(options),
        listener_(listener),
        started_(Clock::now()),
        committed_(started_),
        pool_(source, options.jobs, options.worker),
        schedule_(source.scenarios.size(), options),
        tally_(source) {
    if (options.plans != nullptr) {
      CHECK(source.scenarios.size() == 1, "plans are of one scenario");
      CHECK(options.resumes == 0, "a sweep is begun again, not resumed");
    }
  }

  CampaignSummary run() {
    is_complete_ = open_database() && go();
    commit();  // Nobody knows how long what follows takes.
    if (is_complete_) {
      note_idle_scenarios();
      confirm_cheapest(Clock::time_point::max());
      is_complete_ = run_canary();
    } else {
      confirm_cheapest(Clock::now() + kConfirmAfterInterrupt);
    }
    note_differences();
    // What the failures cost after that says nothing of how fast seeds are run.
    const std::int64_t seeds_ns = wall_ns();
    if (is_complete_) shrink_groups();
    if (options_.plans != nullptr) {
      tally_.set_sweep(options_.plans->coverage());
      const std::vector<std::string> shortfalls = options_.plans->shortfalls();
      // An interrupt says by itself that it is not complete.
      for (const std::string& reason : shortfalls) {
        if (!is_interrupted_) tally_.add_reason(reason);
      }
    }
    CampaignSummary summary = tally_.finish(std::move(canary_), std::move(determinism_));
    summary.is_interrupted = is_interrupted_;
    summary.resumed_seeds = done_.size();
    summary.peak_rss_kib = pool_.peak_rss_kib();
    summary.wall_ns = seeds_ns;
    finish_database(summary);
    // In an order that does not tell how many workers there were.
    std::ranges::sort(tool_errors_);
    summary.tool_errors = std::move(tool_errors_);
    for (auto& [signature, finding] : findings_) summary.findings.push_back(std::move(finding));
    return summary;
  }

 private:
  using Key = std::pair<std::uint32_t, std::uint64_t>;  // Scenario and seed.

  std::int64_t wall_ns() const { return wall_before_ + (Clock::now() - started_).count(); }

  // --- the database ---

  /// False where there should be a database and cannot: nothing that is run would be kept.
  bool open_database() {
    if (options_.database.empty()) return true;
    Result<std::unique_ptr<CampaignDb>> opened =
        options_.resumes == 0
            ? CampaignDb::open(options_.database, {.started_utc = options_.started_utc,
                                                   .state = "running",
                                                   .arguments = options_.arguments,
                                                   .directory = from_root(options_.directory),
                                                   .build = this_build()})
            : CampaignDb::resume(options_.database, options_.resumes);
    if (!opened.has_value()) {
      tool_errors_.push_back(opened.error().detail);
      return false;
    }
    database_ = *std::move(opened);
    return read_before() && (options_.resumes == 0 || load_finished_runs());
  }

  /// Counts what the database has of this campaign. Failures among it are confirmed at the end, and
  /// seeds that are run twice are compared again.
  bool load_finished_runs() {
    const Result<void> loaded = each_stored_run(
        options_.database, options_.resumes, *source_.registry, [this](const RunRecord& record) {
          const std::uint32_t scenario = index_of(record.scenario);
          FailureGroup* const group = tally_.add(scenario, record);
          if (group != nullptr) note_known(*group, before_);
          done_.insert({scenario, record.seed});
          sample({.scenario = scenario, .seed = record.seed}, record);
        });
    const auto campaigns = stored_campaigns(options_.database);
    if (!loaded.has_value() || !campaigns.has_value()) {
      tool_errors_.push_back(loaded.has_value() ? campaigns.error().detail : loaded.error().detail);
      return false;
    }
    const auto stored = std::ranges::find(*campaigns, options_.resumes, &StoredCampaign::id);
    CHECK(stored != campaigns->end(), "a campaign that is resumed is in its database");
    wall_before_ = stored->wall_ns;
    return true;
  }

  void finish_database(CampaignSummary& summary) {
    if (database_ == nullptr) return;
    if (is_complete_) note_gone(summary);
    note_error(database_->finish({.state = is_complete_ ? "finished" : "interrupted",
                                  .wall_ns = summary.wall_ns,
                                  .build = {},
                                  .determinism_checks = summary.determinism.checks,
                                  .determinism_differing = summary.determinism.differing,
                                  .canary_tried = summary.canary.tried,
                                  .canary_caught = summary.canary.caught}));
  }

  /// Which failures earlier campaigns of the database saw.
  bool read_before() {
    auto before = database_->seen_before();
    if (before.has_value()) {
      before_ = *std::move(before);
      return true;
    }
    tool_errors_.push_back(before.error().detail);
    return false;
  }

  /// Which failures that the database knew did not come.
  void note_gone(CampaignSummary& summary) const {
    for (const CampaignDb::Seen& seen : before_) {
      const auto group =
          std::ranges::find(summary.groups, seen.signature, &FailureGroup::signature);
      if (group != summary.groups.end()) continue;
      const auto scenario =
          std::ranges::find(summary.scenarios, seen.scenario, &ScenarioSummary::name);
      if (scenario == summary.scenarios.end() || scenario->seeds == 0) continue;
      summary.gone.push_back({.signature = seen.signature,
                              .scenario = seen.scenario,
                              .failed_runs = seen.failed_runs,
                              .runs = seen.runs,
                              .runs_since = seen.runs_since + scenario->seeds});
    }
  }

  void note_error(const Result<void>& result) {
    if (result.has_value()) return;
    tool_errors_.push_back(result.error().detail);
    database_.reset();  // Said once; the campaign goes on without.
  }

  void commit() {
    committed_ = Clock::now();
    if (database_ != nullptr) note_error(database_->commit(wall_ns()));
  }

  // --- seeds ---

  /// Runs all that is scheduled and what comes of it. False when it was interrupted.
  bool go() {
    return pool_.run([this](std::size_t count) { return next(count); },
                     [this](RunReply reply) { return take(std::move(reply)); },
                     [this] { return tick(); }) ||
           is_enough();
  }

  bool is_enough() const {
    return options_.failures_max != 0 && tally_.red() >= options_.failures_max;
  }

  std::vector<RunRequest> next(std::size_t count) {
    if (!errands_.empty()) {
      RunRequest errand = std::move(errands_.front());
      errands_.pop_front();
      return {std::move(errand)};
    }
    const bool is_time_up =
        options_.wall_time.has_value() && wall_ns() >= options_.wall_time->count();
    if (is_time_up || is_enough()) return {};
    if (options_.plans != nullptr) return next_plans(count);
    // So few that all workers have something to do until the end.
    const std::uint64_t share = schedule_.planned() / (4 * std::uint64_t{options_.jobs}) + 1;
    for (;;) {
      std::vector<RunRequest> seeds = schedule_.next(std::min<std::uint64_t>(count, share));
      const bool is_end = seeds.empty();
      std::erase_if(seeds, [this](const RunRequest& request) {
        return done_.contains({request.scenario, request.seed});
      });
      if (is_end || !seeds.empty()) return seeds;
    }
  }

  std::vector<RunRequest> next_plans(std::size_t count) {
    const std::uint64_t share = options_.plans->planned() / (4 * std::uint64_t{options_.jobs}) + 1;
    std::vector<RunRequest> requests;
    for (const std::uint64_t number : options_.plans->next(std::min<std::uint64_t>(count, share))) {
      requests.push_back(request_of(0, number));
    }
    return requests;
  }

  /// The run of a seed, or of the plan with this number.
  RunRequest request_of(std::uint32_t scenario, std::uint64_t seed) const {
    RunRequest request{.scenario = scenario, .seed = seed};
    if (options_.plans == nullptr) return request;
    request.plan_json = plan_to_json(options_.plans->plan(seed));
    request.crash_points = options_.plans->crash_points(seed);
    return request;
  }

  std::string_view noun() const { return options_.plans != nullptr ? "plan" : "seed"; }

  Plan plan_of(std::uint32_t scenario, std::uint64_t seed) const {
    if (options_.plans != nullptr) return options_.plans->plan(seed);
    return draw_plan(*source_.registry, source_.scenarios[scenario], seed);
  }

  std::uint64_t planned() const {
    return options_.plans != nullptr ? options_.plans->planned() : schedule_.planned();
  }

  bool tick() {
    // Slow seeds, too, are kept soon.
    if (Clock::now() - committed_ >= kCommitEvery) commit();
    const bool goes_on = listener_.on_progress(progress());
    if (!goes_on) is_interrupted_ = true;
    return goes_on;
  }

  CampaignProgress progress() const {
    return {.scenario = source_.scenarios[schedule_.current_scenario()].name,
            .sweep = options_.plans != nullptr ? options_.plans->coverage().kind : std::string(),
            .scenario_index = schedule_.current_scenario() + 1,
            .scenario_count = source_.scenarios.size(),
            .done = tally_.seeds(),
            .planned = planned(),
            .red = tally_.red(),
            .groups = tally_.groups(),
            .groups_known = tally_.groups_known(),
            .wall_ns = wall_ns()};
  }

  bool take(RunReply reply) {
    // A plan has the seed that all plans of a sweep have.
    if (options_.plans != nullptr) reply.record.seed = reply.request.seed;
    if (!note_tool_error(reply)) return true;
    switch (static_cast<Errand>(reply.request.tag)) {
      case Errand::kSeed:
        return take_seed(reply);
      case Errand::kConfirmHang:
        count(reply.request.scenario, std::move(reply.record));
        return !is_enough();
      case Errand::kConfirmGroup:
        confirm(reply.record);
        return true;
      case Errand::kDeterminism:
        compare(reply);
        return true;
      case Errand::kCanary:
        if (reply.record.violation.has_value()) ++canary_.caught;
        return true;
    }
    UNREACHABLE("a request has an errand");
  }

  /// Whether there is a run at all.
  bool note_tool_error(const RunReply& reply) {
    if (!reply.tool_error.has_value()) return true;
    tool_errors_.push_back(fmt::format("{} {} {}: {}", reply.record.scenario, noun(),
                                       reply.record.seed, *reply.tool_error));
    return false;
  }

  bool take_seed(RunReply& reply) {
    if (is_hang_by_cpu_time(reply.record)) {
      // Believed only when it hangs alone, too, and for longer.
      add_errand(reply.request, Errand::kConfirmHang).hang_factor = kHangConfirmFactor;
      return true;
    }
    sample(reply.request, reply.record);
    count(reply.request.scenario, std::move(reply.record));
    return !is_enough();
  }

  /// One seed in some is run again, with all changed that must not matter.
  void sample(const RunRequest& request, const RunRecord& record) {
    const std::uint64_t index = options_.plans != nullptr
                                    ? request.seed
                                    : schedule_.index_of(request.scenario, request.seed);
    const bool is_sampled = index % kDeterminismEvery == 0;
    if (!is_sampled || record.fingerprint == 0) return;
    add_errand(request, Errand::kDeterminism).is_disguised = true;
    fingerprints_[{request.scenario, request.seed}] = record.fingerprint;
  }

  RunRequest& add_errand(const RunRequest& request, Errand errand) {
    errands_.push_back(request);
    errands_.back().tag = static_cast<std::uint64_t>(errand);
    return errands_.back();
  }

  void count(std::uint32_t scenario, RunRecord record) {
    if (options_.plans != nullptr) options_.plans->take(record.seed, record);
    FailureGroup* const group = tally_.add(scenario, record);
    if (group != nullptr) note_known(*group, before_);
    if (database_ != nullptr) note_error(database_->add(record, wall_ns()));
    if (group == nullptr) return;
    if (is_hang_by_cpu_time(record)) {
      // That it hung alone, for five times as long, is its confirmation.
      publish(group->signature, record);
      return;
    }
    RunRequest& request = add_errand(request_of(scenario, record.seed), Errand::kConfirmGroup);
    request.is_traced = true;
    waiting_[{scenario, record.seed}] = record;
  }

  // --- failures ---

  std::uint32_t index_of(std::string_view scenario) const {
    const auto found = std::ranges::find(source_.scenarios, scenario, &Scenario::name);
    CHECK(found != source_.scenarios.end(), "a record names a scenario of its campaign");
    return static_cast<std::uint32_t>(found - source_.scenarios.begin());
  }

  /// A group's first failure ran again alone.
  void confirm(const RunRecord& alone) {
    const auto waiting = waiting_.find({index_of(alone.scenario), alone.seed});
    if (waiting == waiting_.end()) return;
    const RunRecord among_others = std::move(waiting->second);
    waiting_.erase(waiting);
    if (is_same(among_others, alone)) publish(std::string(alone.signature()), alone);
  }

  bool is_same(const RunRecord& among_others, const RunRecord& alone) {
    if (among_others.signature() == alone.signature() &&
        among_others.fingerprint == alone.fingerprint) {
      return true;
    }
    tool_errors_.push_back(fmt::format(
        "state leaked between runs: {} {} {} gives {} ({:016x}) among other {}s and {} ({:016x}) "
        "alone",
        alone.scenario, noun(), alone.seed, among_others.signature(), among_others.fingerprint,
        noun(), alone.signature().empty() ? to_text(alone.verdict) : alone.signature(),
        alone.fingerprint));
    return false;
  }

  void publish(const std::string& signature, const RunRecord& record) {
    FailureGroup& group = tally_.all_groups().find(signature)->second;
    const bool is_first = group.repro.empty() && !published_.contains(signature);
    // Meanwhile a cheaper failure may have come, which is confirmed at the end.
    const bool is_cheapest =
        record.scenario == group.scenario && record.seed == group.cheapest_seed;
    if (is_cheapest) group.record = record;
    const std::uint32_t scenario = index_of(record.scenario);
    const Plan plan = plan_of(scenario, record.seed);
    // Screens tell the plan's seed: in a sweep the record's is the number of the plan.
    if (is_cheapest) group.record.seed = plan.seed;
    group.size = size_of(plan);
    set_repro(group, make_repro(source_.scenarios[scenario], plan, record));
    published_[signature] = {record.scenario, record.seed};
    if (is_first) listener_.on_new_group(group);
  }

  void set_repro(FailureGroup& group, const Repro& repro) {
    group.repro = write_repro(repro).value_or(group.repro);
    group.token = repro_to_token(repro).value_or("");
  }

  /// The path of the file; none where there is to be none, or where it cannot be written.
  std::optional<std::string> write_repro(const Repro& repro) {
    if (options_.directory.empty()) return std::nullopt;
    const std::filesystem::path folder = std::filesystem::path(options_.directory) / "failures";
    std::error_code ignored;  // What is missing then is said of the file.
    std::filesystem::create_directories(folder, ignored);
    const std::filesystem::path path = folder / repro_file_name(repro.signature);
    const Result<void> written = write_whole(path.string(), repro_to_json(repro));
    if (written.has_value()) return path.string();
    tool_errors_.push_back(written.error().detail);
    return std::nullopt;
  }

  /// Where a cheaper failure than the published one came later, or none was published yet, it takes
  /// its place. Begins with none when the time is up.
  void confirm_cheapest(Clock::time_point end) {
    for (auto& [signature, group] : tally_.all_groups()) {
      const auto published = published_.find(signature);
      const std::pair cheapest{group.scenario, group.cheapest_seed};
      if (published != published_.end() && published->second == cheapest) continue;
      if (Clock::now() >= end) {
        group.size = size_of(plan_of(index_of(group.scenario), group.cheapest_seed));
        continue;
      }
      const RunRecord among_others = group.record;
      if (is_hang_by_cpu_time(among_others)) {
        publish(signature, among_others);  // As in count().
        continue;
      }
      RunRequest request = request_of(index_of(group.scenario), group.cheapest_seed);
      request.is_traced = true;
      RunReply alone = pool_.run_alone(request);
      if (options_.plans != nullptr) alone.record.seed = request.seed;
      const bool is_run = note_tool_error(alone);
      if (is_run && is_same(among_others, alone.record)) publish(signature, alone.record);
    }
  }

  /// Reduces the confirmed failure of each group, one after the other: those that come later get
  /// what the ones before them left of the time.
  void shrink_groups() {
    const Clock::time_point end = Clock::now() + options_.shrink_time;
    auto left = static_cast<std::int64_t>(published_.size());
    for (const auto& [signature, where] : published_) {
      const std::chrono::nanoseconds share = (end - Clock::now()) / left--;
      if (share <= std::chrono::nanoseconds(0) || is_interrupted_) return;
      FailureGroup& group = tally_.all_groups().find(signature)->second;
      // What was not confirmed says nothing.
      if (where == std::pair(group.scenario, group.cheapest_seed)) shrink_group(group, share);
    }
  }

  void shrink_group(FailureGroup& group, std::chrono::nanoseconds time) {
    const std::uint32_t scenario = index_of(group.scenario);
    const Plan plan = plan_of(scenario, group.cheapest_seed);
    const ShrinkOptions options{.scenario = scenario,
                                .jobs = options_.jobs,
                                .wall_time = time,
                                .on_progress = [this](const ShrinkProgress& progress) {
                                  const bool goes_on = listener_.on_shrink(progress);
                                  if (!goes_on) is_interrupted_ = true;
                                  return goes_on;
                                }};
    Result<Shrunk> shrunk = shrink(pool_, *source_.registry, plan, group.record, options);
    if (!shrunk.has_value()) {
      tool_errors_.push_back(fmt::format("{} {} {} cannot be reduced: {}", group.scenario, noun(),
                                         group.cheapest_seed, shrunk.error().detail));
      return;
    }
    for (const auto& [signature, finding] : shrunk->findings) note_finding(scenario, finding);
    group.record = shrunk->record;
    set_repro(group, make_repro(source_.scenarios[scenario], shrunk->plan, shrunk->record));
    group.shrunk = *std::move(shrunk);
  }

  void note_finding(std::uint32_t scenario, const Finding& finding) {
    const std::string signature(finding.record.signature());
    const bool is_known = tally_.all_groups().contains(signature) || findings_.contains(signature);
    if (is_known) return;
    const Scenario& found_in = source_.scenarios[scenario];
    const auto repro = write_repro(make_repro(found_in, finding.plan, finding.record));
    findings_[signature] = {
        .signature = signature, .scenario = found_in.name, .repro = repro.value_or(std::string())};
  }

  // --- did it do anything, and the same each time? ---

  /// A scenario without a single run proves nothing; a flag is why.
  void note_idle_scenarios() {
    if (is_enough()) return;
    if (planned() == 0) {
      tally_.add_reason(fmt::format("--shard {}/{} has none of the {}s", options_.shard,
                                    options_.shard_count, noun()));
      return;
    }
    for (std::size_t i = 0; i < source_.scenarios.size(); ++i) {
      // A sweep says by itself what it lacks.
      if (tally_.seeds_of(i) > 0 || options_.plans != nullptr) continue;
      tally_.add_reason(fmt::format("{}: the time of --for was over before a seed was run",
                                    source_.scenarios[i].name));
    }
  }

  void compare(const RunReply& reply) {
    ++determinism_.checks;
    const Key key{reply.request.scenario, reply.request.seed};
    const std::uint64_t expected = fingerprints_.extract(key).mapped();
    if (reply.record.fingerprint == expected) return;
    ++determinism_.differing;
    differences_[key] = {expected, reply.record.fingerprint};
    if (differences_.size() > kDifferencesShown) differences_.erase(--differences_.end());
  }

  /// Tells of the first few seeds that differ. Finding the first event takes runs, for which an
  /// interrupted campaign has no time.
  void note_differences() {
    for (const auto& [key, fingerprints] : differences_) {
      DeterminismCheck check{.scenario = source_.scenarios[key.first].name,
                             .seed = key.second,
                             .fingerprint = fingerprints.first,
                             .other_fingerprint = fingerprints.second,
                             .difference = {},
                             .tool_error = {}};
      if (is_complete_) explain(key.first, check);
      determinism_.examples.push_back(std::move(check));
    }
  }

  void explain(std::uint32_t scenario, DeterminismCheck& check) {
    DeterminismCheck alone = check_determinism(pool_, source_, request_of(scenario, check.seed));
    if (alone.difference.has_value()) {
      check = std::move(alone);
      return;
    }
    check.tool_error = std::move(alone.tool_error);
    check.difference = FirstDifference{};
    check.difference->first = "one execution among other seeds";
    check.difference->second = "another one, with all that must not matter changed";
  }

  /// False when it was interrupted: then it says nothing.
  bool run_canary() {
    if (tally_.seeds() < kFloorSeeds || !tally_.passing().has_value()) return true;
    const CampaignTally::Passing chosen = *tally_.passing();
    canary_.has_run = true;
    canary_.scenario = source_.scenarios[chosen.scenario].name;
    canary_.seed = chosen.seed;
    canary_.tried = kCanaryMutations;
    for (std::uint32_t i = 0; i < kCanaryMutations; ++i) {
      HistoryMutation mutation;
      mutation.kind = static_cast<HistoryMutation::Kind>(i % 3);
      mutation.nth = 1 + sim::mix(chosen.seed, i) % chosen.client_records;
      add_errand(request_of(chosen.scenario, chosen.seed), Errand::kCanary).mutation = mutation;
    }
    const bool is_complete = go();
    if (!is_complete) canary_ = {};
    return is_complete;
  }

  const RunSource& source_;
  const CampaignOptions& options_;
  CampaignListener& listener_;
  Clock::time_point started_;
  Clock::time_point committed_;
  std::int64_t wall_before_ = 0;  // Before it was resumed.
  WorkerPool pool_;               // Before the database: its zygote is forked first.
  SeedSchedule schedule_;
  CampaignTally tally_;
  std::unique_ptr<CampaignDb> database_;
  std::vector<CampaignDb::Seen> before_;       // By earlier campaigns of the database.
  std::deque<RunRequest> errands_;             // Done before further seeds.
  std::set<Key> done_;                         // What the database had before.
  std::map<Key, RunRecord> waiting_;           // First failures to be confirmed.
  std::map<Key, std::uint64_t> fingerprints_;  // Of runs whose second run is under way.
  // The fingerprints of the first seeds that differ.
  std::map<Key, std::pair<std::uint64_t, std::uint64_t>> differences_;
  DeterminismSummary determinism_;
  std::map<std::string, std::pair<std::string, std::uint64_t>, std::less<>> published_;
  CanarySummary canary_;
  std::map<std::string, CampaignFinding, std::less<>> findings_;
  std::vector<std::string> tool_errors_;
  bool is_complete_ = false;
  bool is_interrupted_ = false;
};

}  // namespace

CampaignSummary run_campaign(const RunSource& source, const CampaignOptions& options,
                             CampaignListener& listener) {
  CHECK(!source.scenarios.empty(), "a campaign has at least one scenario");
  return Campaign(source, options, listener).run();
}

}  // namespace millrace::run
