#include "sim/command/json_output.h"

#include <nlohmann/json.hpp>

#include "sim/run/registry.h"
#include "sim/run/signature.h"
#include "system/base/check.h"

namespace millrace::command {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::string text_of(const Json& json) {
  // Details may hold any byte; a reader gets valid UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json build_json() {
  const run::BuildName build = run::this_build();
  return {{"version", build.version},   {"commit", build.commit}, {"dirty", build.is_dirty},
          {"compiler", build.compiler}, {"preset", build.preset}, {"sanitizer", build.sanitizer}};
}

Json evidence_json(const run::RunRecord& record, const std::vector<run::At>& evidence) {
  Json list = Json::array();
  for (const run::At& at : evidence) {
    Json one{{"event", at.ordinal}, {"record", at.record}, {"virtual_ns", at.time.ns}};
    for (const run::TraceLine& line : record.trace) {
      if (line.record != at.record || at.record == 0) continue;
      one["machine"] = line.machine;
      one["text"] = line.text;
      one["words"] = line.words.empty() ? line.text : line.words;
    }
    list.push_back(std::move(one));
  }
  return list;
}

Json objection_json(const run::RunRecord& record, const run::Objection& objection) {
  return {{"property", objection.property},
          {"name", objection.name},
          {"signature", objection.signature},
          {"group", run::short_group_key(objection.signature)},
          {"claim", objection.claim},
          {"seen", objection.seen},
          {"expected", objection.expected},
          {"event", objection.at.ordinal},
          {"virtual_ns", objection.at.time.ns},
          {"evidence", evidence_json(record, objection.evidence)}};
}

Json breakdown_json(const run::Breakdown& breakdown) {
  return {{"property", run::signature_stem(breakdown.signature)},
          {"name", nullptr},
          {"signature", breakdown.signature},
          {"group", run::short_group_key(breakdown.signature)},
          {"claim",
           "The system under test neither fails a check, crashes, hangs nor grows without "
           "bound."},
          {"seen", breakdown.what},
          {"expected", ""},
          {"event", breakdown.at.ordinal},
          {"virtual_ns", breakdown.at.time.ns},
          {"evidence", Json::array()},
          {"machine", breakdown.machine},
          {"role", breakdown.role},
          {"task", breakdown.task},
          {"frames", breakdown.frames}};
}

Json violation_json(const run::RunRecord& record) {
  if (record.violation.has_value()) return objection_json(record, *record.violation);
  if (record.breakdown.has_value()) return breakdown_json(*record.breakdown);
  return nullptr;
}

template <typename Counts>
Json faults_json(const Counts& faults) {
  Json list = Json::array();
  for (const run::FaultCount& fault : faults) {
    list.push_back({{"kind", fault.kind},
                    {"planned", fault.planned},
                    {"fired", fault.fired},
                    {"refused", fault.refused},
                    {"took_effect", fault.took_effect}});
  }
  return list;
}

template <typename Map>
Json map_json(const Map& map) {
  Json object = Json::object();
  for (const auto& [name, count] : map) object[name] = count;
  return object;
}

Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

Json overrides_json(const run::RunRecord& record, const RunExtras& extras) {
  Json list = Json::array();
  for (std::size_t i = 0; i < extras.overrides.size(); ++i) {
    list.push_back(
        {{"rule", extras.overrides[i]},
         {"draws", i < record.override_matches.size() ? record.override_matches[i] : 0}});
  }
  return list;
}

Json size_json(const run::PlanSize& size) {
  return {{"operations", size.operations}, {"faults", size.faults}, {"machines", size.machines}};
}

Json shrunk_json(const run::Shrunk* shrunk) {
  if (shrunk == nullptr) return nullptr;
  Json object = size_json(shrunk->to);
  object["from"] = size_json(shrunk->from);
  object["runs"] = shrunk->runs;
  object["wall_ns"] = shrunk->wall_ns;
  object["cut_short"] = shrunk->is_cut_short;
  object["replays"] = {{"tried", run::kReplays}, {"same", shrunk->replays_alike}};
  object["passes_if"] = nullptr;
  if (shrunk->neighbour.has_value()) {
    object["passes_if"] = {{"change", shrunk->neighbour->change},
                           {"event", shrunk->neighbour->parts_at}};
  }
  return object;
}

Json run_object(const run::RunRecord& record, const RunExtras& extras) {
  Json properties = Json::array();
  for (const run::PropertyResult& property : record.properties) {
    properties.push_back({{"id", property.id},
                          {"name", property.name},
                          {"kind", run::to_text(property.kind)},
                          {"verdict", run::to_text(property.verdict)},
                          {"evaluated", property.evaluated},
                          {"reason", text_or_null(property.reason)}});
  }
  Json consequences = Json::array();
  for (const run::Objection& objection : record.consequences) {
    consequences.push_back(objection_json(record, objection));
  }
  return {{"schema", kSchema},
          {"scenario", record.scenario},
          {"seed", record.seed},
          {"strategy", record.strategy},
          {"verdict", run::to_text(record.verdict)},
          {"reason", text_or_null(record.reason)},
          {"fingerprint", run::hex16(record.fingerprint)},
          {"plan", run::hex16(record.plan)},
          {"events", record.events},
          {"virtual_ns", record.virtual_ns},
          {"wall_ns", record.wall_ns},
          {"acked_operations", record.acked_operations},
          {"properties", std::move(properties)},
          {"faults", faults_json(record.faults)},
          {"situations", map_json(record.situations)},
          {"marks", map_json(record.marks)},
          {"violation", violation_json(record)},
          {"consequences", std::move(consequences)},
          {"overrides", overrides_json(record, extras)},
          {"limit", record.limit.has_value() ? Json(*record.limit) : Json(nullptr)},
          {"repro", extras.repro.has_value() ? Json(*extras.repro) : Json(nullptr)},
          {"token", extras.token.has_value() ? Json(*extras.token) : Json(nullptr)},
          {"command", extras.command},
          {"shrunk", shrunk_json(extras.shrunk)},
          {"build", build_json()}};
}

std::string_view change_word(run::PartingKind kind) {
  switch (kind) {
    case run::PartingKind::kNew:
      return "new";
    case run::PartingKind::kMissing:
      return "missing";
    case run::PartingKind::kChanged:
      return "changed";
  }
  UNREACHABLE("a kind of parting outside its list");
}

/// Where a replayed execution left the one that was expected.
Json parting_json(const std::optional<ReplayDifference>& difference) {
  if (!difference.has_value()) return nullptr;
  return {{"event", difference->place.event},     {"virtual_ns", difference->place.time_ns},
          {"machine", difference->place.machine}, {"task", difference->place.task},
          {"what", difference->place.what},       {"change", change_word(difference->parting.kind)},
          {"count", difference->parting.count}};
}

Json difference_json(const run::DeterminismCheck& check) {
  Json object{
      {"scenario", check.scenario},
      {"seed", check.seed},
      {"fingerprint", run::hex16(check.fingerprint)},
      {"other_fingerprint", run::hex16(check.other_fingerprint)},
      {"tool_error", check.tool_error.has_value() ? Json(*check.tool_error) : Json(nullptr)},
      {"first_difference", nullptr}};
  if (check.difference.has_value()) {
    object["first_difference"] = {
        {"event", check.difference->event},     {"virtual_ns", check.difference->time_ns},
        {"machine", check.difference->machine}, {"task", check.difference->task},
        {"first", check.difference->first},     {"second", check.difference->second}};
  }
  return object;
}

Json scenarios_json(const run::CampaignSummary& summary) {
  Json list = Json::array();
  for (const run::ScenarioSummary& scenario : summary.scenarios) {
    std::string reasons;
    for (const std::string& reason : scenario.reasons) {
      reasons += (reasons.empty() ? "" : "; ") + reason;
    }
    list.push_back({{"name", scenario.name},
                    {"seeds", scenario.seeds},
                    {"passed", scenario.passed},
                    {"failed", scenario.failed},
                    {"inconclusive", scenario.inconclusive},
                    {"acked_operations", scenario.acked_operations},
                    {"faults_fired", scenario.faults_fired},
                    {"virtual_ns", scenario.virtual_ns},
                    {"reason", text_or_null(reasons)}});
  }
  return list;
}

Json groups_json(const run::CampaignSummary& summary) {
  Json list = Json::array();
  for (const run::FailureGroup& group : summary.groups) {
    list.push_back({{"signature", group.signature},
                    {"group", run::short_group_key(group.signature)},
                    {"property", group.property},
                    {"name", text_or_null(group.name)},
                    {"count", group.count},
                    {"cheapest_seed", group.cheapest_seed},
                    {"cheapest_events", group.cheapest_events},
                    {"scenario", group.scenario},
                    {"scenarios", map_json(group.scenarios)},
                    {"status", group.is_known ? "known" : "new"},
                    {"known_since", text_or_null(group.known_since)},
                    {"known_commit", text_or_null(group.known_commit)},
                    {"repro", text_or_null(group.repro)},
                    {"token", text_or_null(group.token)},
                    {"shrunk", shrunk_json(group.shrunk.has_value() ? &*group.shrunk : nullptr)},
                    {"unshrunk", size_json(group.size)},
                    {"strategies", map_json(group.strategies)}});
  }
  return list;
}

Json findings_json(const run::CampaignSummary& summary) {
  Json list = Json::array();
  for (const run::CampaignFinding& finding : summary.findings) {
    list.push_back({{"signature", finding.signature},
                    {"scenario", finding.scenario},
                    {"repro", text_or_null(finding.repro)}});
  }
  return list;
}

Json gone_json(const run::CampaignSummary& summary) {
  Json list = Json::array();
  for (const run::GoneFailure& gone : summary.gone) {
    list.push_back({{"signature", gone.signature},
                    {"scenario", gone.scenario},
                    {"failed_runs", gone.failed_runs},
                    {"runs", gone.runs},
                    {"runs_since", gone.runs_since}});
  }
  return list;
}

Json properties_json(const run::CampaignSummary& summary) {
  Json list = Json::array();
  for (const run::PropertySummary& property : summary.properties) {
    list.push_back({{"id", property.id},
                    {"name", property.name},
                    {"kind", run::to_text(property.kind)},
                    {"evaluated", property.evaluated},
                    {"failed_seeds", property.failed_seeds},
                    {"not_judged_seeds", property.not_judged_seeds},
                    {"skipped", property.is_skipped}});
  }
  return list;
}

Json sweep_json(const run::CampaignSummary& summary) {
  if (!summary.sweep.has_value()) return nullptr;
  const run::SweepCoverage& sweep = *summary.sweep;
  return {{"kind", sweep.kind},
          {"scenario", sweep.scenario},
          {"seed", sweep.seed},
          {"changes", sweep.changes},
          {"moments", sweep.moments},
          {"plans", sweep.first_planned},
          {"plans_run", sweep.first_run},
          {"plans_same", sweep.first_same},
          {"disks", sweep.images},
          {"recovery_moments", sweep.recovery_moments},
          {"recoveries_cut", sweep.recoveries_cut},
          {"recovery_plans", sweep.second_planned},
          {"recovery_plans_run", sweep.second_run},
          {"recovery_plans_same", sweep.second_same},
          {"missed", sweep.missed},
          {"idle_properties", sweep.idle_properties},
          {"shapes", map_json(sweep.shapes)}};
}

/// Units a second of wall time.
double per_second(std::uint64_t count, std::int64_t wall_ns) {
  if (wall_ns <= 0) return 0;
  return static_cast<double>(count) * static_cast<double>(kNsPerSecond) /
         static_cast<double>(wall_ns);
}

/// Whole ones, for figures that are large.
std::uint64_t whole_per_second(std::uint64_t count, std::int64_t wall_ns) {
  return static_cast<std::uint64_t>(per_second(count, wall_ns));
}

/// Values of knobs as people write them, but for plain numbers.
void write_units(Json& values, const std::vector<KnobView>& knobs) {
  for (auto& [name, value] : values.items()) {
    const KnobView* const knob = find_knob(knobs, name);
    if (knob == nullptr) continue;
    const auto number = value.get<std::int64_t>();
    std::string text = knob->text(number);
    if (text != std::to_string(number)) value = std::move(text);
  }
}

}  // namespace

std::string run_json(const run::RunRecord& record, const RunExtras& extras) {
  return text_of(run_object(record, extras));
}

std::string report_json(const ReportedPage& page) {
  return text_of({{"schema", kSchema},
                  {"file", page.file},
                  {"page", page.is_of_run ? "run" : "campaign"},
                  {"written", page.was_written},
                  {"opened", page.is_opened},
                  {"build", build_json()}});
}

std::string keep_json(const std::vector<KeptRepro>& kept) {
  static constexpr std::string_view kStates[] = {"new", "replaced", "same"};
  Json list = Json::array();
  for (const KeptRepro& one : kept) {
    list.push_back({{"file", one.file},
                    {"scenario", one.scenario},
                    {"signature", one.signature},
                    {"state", kStates[static_cast<std::size_t>(one.state)]}});
  }
  return text_of({{"schema", kSchema}, {"kept", std::move(list)}, {"build", build_json()}});
}

std::string replay_json(const std::vector<ReplayReport>& replays) {
  Json list = Json::array();
  for (const ReplayReport& one : replays) {
    Json object = run_object(one.replay.record, one.extras);
    object["replay"] = {{"verdict", run::to_text(one.replay.verdict)},
                        {"matched_percent", one.replay.matched_percent.has_value()
                                                ? Json(*one.replay.matched_percent)
                                                : Json(nullptr)},
                        {"first_difference", parting_json(one.difference)},
                        {"same_execution", one.replay.is_same_execution},
                        {"edited", one.replay.is_edited},
                        {"expected_signature", one.expected_signature},
                        {"found_at", one.found_at},
                        {"file", one.file}};
    list.push_back(std::move(object));
  }
  if (list.size() == 1) return text_of(list.front());
  return text_of({{"schema", kSchema}, {"replays", std::move(list)}, {"build", build_json()}});
}

std::string campaign_json(const run::CampaignSummary& summary, const CampaignExtras& extras) {
  Json different = Json::array();
  for (const run::DeterminismCheck& check : summary.determinism.examples) {
    different.push_back(difference_json(check));
  }
  const auto virtual_seconds = static_cast<std::uint64_t>(summary.virtual_ns / kNsPerSecond);
  const Json object{
      {"schema", kSchema},
      {"from", summary.seed_first},
      {"to", summary.seed_last},
      {"seeds", summary.seeds},
      {"passed", summary.passed},
      {"failed", summary.failed},
      {"crashed", summary.crashed},
      {"hung", summary.hung},
      {"limited", summary.limited},
      {"inconclusive", summary.inconclusive},
      {"known", 0},
      {"sweep", sweep_json(summary)},
      {"scenarios", scenarios_json(summary)},
      {"groups", groups_json(summary)},
      {"findings", findings_json(summary)},
      {"gone", gone_json(summary)},
      {"resumed_seeds", summary.resumed_seeds},
      {"properties", properties_json(summary)},
      {"faults", faults_json(summary.faults)},
      {"situations", map_json(summary.situations)},
      {"marks", map_json(summary.marks)},
      {"runs_with_mark", map_json(summary.runs_with_mark)},
      {"events", summary.events},
      {"events_per_second", whole_per_second(summary.events, summary.wall_ns)},
      {"virtual_seconds_per_second", whole_per_second(virtual_seconds, summary.wall_ns)},
      {"seeds_per_second", per_second(summary.seeds, summary.wall_ns)},
      {"acked_operations", summary.acked_operations},
      {"peak_rss_kib", summary.peak_rss_kib},
      {"wall_ns", summary.wall_ns},
      {"virtual_ns", summary.virtual_ns},
      {"canary",
       {{"has_run", summary.canary.has_run},
        {"tried", summary.canary.tried},
        {"caught", summary.canary.caught}}},
      {"determinism_checks", summary.determinism.checks},
      {"determinism_differing", summary.determinism.differing},
      {"determinism_differences", std::move(different)},
      {"inconclusive_reasons", summary.inconclusive_reasons},
      {"tool_errors", summary.tool_errors},
      {"interrupted", summary.is_interrupted},
      {"directory", text_or_null(extras.directory)},
      {"status", extras.status},
      {"build", build_json()}};
  return text_of(object);
}

std::string determinism_json(std::string_view scenario, std::uint64_t seeds,
                             const std::vector<run::DeterminismCheck>& different) {
  Json list = Json::array();
  for (const run::DeterminismCheck& check : different) list.push_back(difference_json(check));
  return text_of({{"schema", kSchema},
                  {"scenario", scenario},
                  {"seeds", seeds},
                  {"agree", different.empty()},
                  {"differences", std::move(list)},
                  {"build", build_json()}});
}

std::string plan_text(const run::Plan& plan, const run::Registry& registry) {
  Json object = Json::parse(run::plan_to_json(plan));
  for (Json& machine : object["machines"]) {
    const run::RoleType* const role = registry.find_role(machine["role"].get<std::string>());
    if (role != nullptr) write_units(machine["knobs"], role->knobs);
  }
  for (Json& client : object["clients"]) {
    const run::WorkloadType* const workload =
        registry.find_workload(client["workload"].get<std::string>());
    if (workload != nullptr) write_units(client["knobs"], workload->knobs);
  }
  return object.dump(1) + "\n";
}

}  // namespace millrace::command
