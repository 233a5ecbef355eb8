#include "sim/run/repro.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "generated/build_info.h"
#include "sim/run/json_cursor.h"
#include "sim/run/signature.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

using nlohmann::json;

/// Members are read as written; their order in the file is the reader's business.
json to_json(const BuildName& build) {
  return {{"version", build.version},   {"commit", build.commit}, {"dirty", build.is_dirty},
          {"compiler", build.compiler}, {"preset", build.preset}, {"sanitizer", build.sanitizer}};
}

BuildName read_build(const JsonCursor& in) {
  in.only({"version", "commit", "dirty", "compiler", "preset", "sanitizer"});
  return {.version = in.at("version").text(),
          .commit = in.at("commit").text(),
          .is_dirty = in.at("dirty").boolean(),
          .compiler = in.at("compiler").text(),
          .preset = in.at("preset").text(),
          .sanitizer = in.at("sanitizer").text()};
}

/// How much of the plan met its moment, in percent.
std::uint32_t matched_percent(const Plan& plan, const RunRecord& record) {
  std::uint64_t all = operation_count(plan);
  std::uint64_t missed = record.untaken_operations;
  for (const sim::FaultAction& action : plan.faults.actions) {
    if (!action.anchor.has_value() || action.is_refused) continue;
    ++all;
    const bool is_missed =
        std::ranges::find(record.unmatched_faults, action.id) != record.unmatched_faults.end();
    if (is_missed) ++missed;
  }
  for (std::size_t i = 0; i < plan.overrides.size(); ++i) {
    ++all;
    if (i < record.override_matches.size() && record.override_matches[i] == 0) ++missed;
  }
  if (all == 0) return 100;
  return static_cast<std::uint32_t>((all - std::min(missed, all)) * 100 / all);
}

}  // namespace

BuildName this_build() {
  const BuildInfo& info = build_info();
  return {.version = std::string(info.version),
          .commit = std::string(info.commit),
          .is_dirty = info.is_dirty,
          .compiler = std::string(info.compiler),
          .preset = std::string(info.preset),
          .sanitizer = std::string(info.sanitizer)};
}

Repro make_repro(const Scenario& scenario, const Plan& plan, const RunRecord& record) {
  Repro repro;
  repro.plan = plan;
  for (sim::FaultAction& action : repro.plan.faults.actions) {
    if (std::ranges::find(record.refused_faults, action.id) != record.refused_faults.end()) {
      action.is_refused = true;
    }
  }
  repro.signature = record.signature();
  repro.fingerprint = record.fingerprint;
  repro.plan_hash = plan_hash(repro.plan);
  repro.build = this_build();
  repro.trail = record.trail;
  repro.skips = scenario.skips;
  return repro;
}

std::string repro_to_json(const Repro& repro) {
  json skips = json::array();
  for (const ScenarioSkip& skipped : repro.skips) {
    skips.push_back({{"id", skipped.id}, {"reason", skipped.reason}});
  }
  const json out{{"schema", 1},
                 {"signature", repro.signature},
                 {"fingerprint", hex16(repro.fingerprint)},
                 {"plan_hash", hex16(repro.plan_hash)},
                 {"build", to_json(repro.build)},
                 {"skip", std::move(skips)},
                 {"trail", repro.trail},
                 {"plan", json::parse(plan_to_json(repro.plan))}};
  return out.dump(1) + "\n";
}

Result<Repro> repro_from_json(std::string_view text, const Registry& registry) {
  const json parsed = TRY(parse_json(text));
  JsonErrors errors;
  const JsonCursor in(parsed, "", errors);
  if (in.has("schema") && in.at("schema").integer(0, INT64_MAX) != 1) {
    return fail(Errc::kInvalid,
                fmt::format("schema: version {} of repro files is not known, only 1",
                            parsed.at("schema").dump()));
  }
  in.only({"schema", "signature", "fingerprint", "plan_hash", "build", "skip", "trail", "plan"});
  Repro repro;
  repro.signature = in.at("signature").text();
  repro.fingerprint = in.at("fingerprint").hex();
  repro.plan_hash = in.at("plan_hash").hex();
  repro.build = read_build(in.at("build"));
  repro.trail = in.at("trail").text();
  for (const JsonCursor& one : in.at("skip").elements()) {
    one.only({"id", "reason"});
    repro.skips.push_back({.id = one.at("id").text(), .reason = one.at("reason").text()});
  }
  if (in.has("schema")) in.at("schema").integer(1, 1);
  TRY(errors.result());
  Result<Plan> plan = plan_from_json(parsed.at("plan").dump(), registry);
  if (!plan.has_value()) return fail(Errc::kInvalid, "plan: " + plan.error().detail);
  repro.plan = *std::move(plan);
  return repro;
}

std::string repro_file_name(std::string_view signature) {
  return fmt::format("{}-{}.repro.json", signature_stem(signature), short_group_key(signature));
}

std::string_view to_text(ReplayVerdict verdict) {
  switch (verdict) {
    case ReplayVerdict::kReproduced:
      return "reproduced";
    case ReplayVerdict::kGone:
      return "gone";
    case ReplayVerdict::kOther:
      return "other";
    case ReplayVerdict::kStale:
      return "stale";
  }
  UNREACHABLE("a verdict of a replay outside its list");
}

Replay judge_replay(const Repro& repro, RunRecord record, std::uint32_t min_match) {
  Replay replay;
  replay.is_edited = plan_hash(repro.plan) != repro.plan_hash;
  replay.is_same_execution = record.fingerprint == repro.fingerprint;
  replay.matched_percent = matched_percent(repro.plan, record);
  if (record.is_red() && record.signature() == repro.signature) {
    // What had not come to its moment when it failed was not needed.
    replay.verdict = ReplayVerdict::kReproduced;
    replay.matched_percent = 100;
  } else if (record.is_red()) {
    replay.verdict = ReplayVerdict::kOther;
  } else if (replay.matched_percent < min_match) {
    replay.verdict = ReplayVerdict::kStale;
  } else {
    replay.verdict = ReplayVerdict::kGone;
  }
  replay.record = std::move(record);
  return replay;
}

}  // namespace millrace::run
