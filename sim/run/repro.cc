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

constexpr std::int64_t kVersion = 2;

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

bool has_met(const RunRecord& record, const sim::FaultAction& action) {
  return std::ranges::find(record.unmatched_faults, action.id) == record.unmatched_faults.end();
}

/// None for a run whose process died: nobody told what it did.
std::optional<MetMoments> met_moments(const Plan& plan, const RunRecord& record) {
  if (record.fingerprint == 0) return std::nullopt;
  MetMoments met;
  const Result<IdRanges> taken = IdRanges::parse(record.taken_operations);
  CHECK(taken.has_value(), "a record names the operations that were taken");
  met.operations = *taken;
  std::vector<std::uint64_t> faults;
  for (const sim::FaultAction& action : plan.faults.actions) {
    const bool counts = action.anchor.has_value() && !action.is_refused;
    if (counts && has_met(record, action)) faults.push_back(action.id);
  }
  met.faults = IdRanges(std::move(faults));
  return met;
}

/// Counts what was expected to meet its moment, and what did.
struct Matched {
  std::uint64_t expected = 0;
  std::uint64_t met = 0;

  void count(bool is_expected, bool is_met) {
    if (!is_expected) return;
    ++expected;
    if (is_met) ++met;
  }
  std::uint32_t percent() const {
    return expected == 0 ? 100 : static_cast<std::uint32_t>(met * 100 / expected);
  }
};

std::optional<std::uint32_t> matched_percent(const Repro& repro, const RunRecord& record) {
  const std::optional<MetMoments> now = met_moments(repro.plan, record);
  if (!now.has_value()) return std::nullopt;
  const std::optional<MetMoments>& then = repro.met;
  Matched matched;
  for (const PlanClient& client : repro.plan.clients) {
    for (const PlanOperation& planned : client.operations) {
      const std::uint64_t id = planned.operation.id;
      matched.count(!then.has_value() || then->operations.contains(id),
                    now->operations.contains(id));
    }
  }
  for (const sim::FaultAction& action : repro.plan.faults.actions) {
    if (!action.anchor.has_value() || action.is_refused) continue;
    matched.count(!then.has_value() || then->faults.contains(action.id),
                  now->faults.contains(action.id));
  }
  return matched.percent();
}

json to_json(const std::optional<MetMoments>& met) {
  if (!met.has_value()) return nullptr;
  return {{"operations", met->operations.text()}, {"faults", met->faults.text()}};
}

IdRanges read_ranges(const JsonCursor& in) {
  Result<IdRanges> read = IdRanges::parse(in.text());
  if (!read.has_value()) in.complain(read.error().detail);
  return std::move(read).value_or(IdRanges());
}

std::optional<MetMoments> read_met(const JsonCursor& in) {
  if (in.is_null()) return std::nullopt;
  in.only({"operations", "faults"});
  return MetMoments{.operations = read_ranges(in.at("operations")),
                    .faults = read_ranges(in.at("faults"))};
}

/// The version of the file. Errors: kInvalid where this program does not read it.
Result<std::int64_t> read_version(const JsonCursor& in, const json& parsed) {
  if (!in.has("schema")) return kVersion;  // That it is missing is said with the rest.
  const json& given = parsed.at("schema");
  const bool is_known = given == 1 || given == kVersion;
  if (is_known) return given.get<std::int64_t>();
  return fail(Errc::kInvalid,
              fmt::format("schema: version {} of repro files is not known, only 1 and {}",
                          given.dump(), kVersion));
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

std::string commit_text(const BuildName& build) {
  return build.commit + (build.is_dirty ? " dirty" : "");
}

std::string build_text(const BuildName& build) {
  std::string text = fmt::format("{} {} {}, {} {}", build.version, build.commit,
                                 build.is_dirty ? "dirty" : "clean", build.compiler, build.preset);
  if (!build.sanitizer.empty() && build.sanitizer != "none") text += " " + build.sanitizer;
  return text;
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
  repro.met = met_moments(repro.plan, record);
  repro.skips = scenario.skips;
  return repro;
}

std::string repro_to_json(const Repro& repro) {
  json skips = json::array();
  for (const ScenarioSkip& skipped : repro.skips) {
    skips.push_back({{"id", skipped.id}, {"reason", skipped.reason}});
  }
  const json out{{"schema", kVersion},
                 {"signature", repro.signature},
                 {"fingerprint", hex16(repro.fingerprint)},
                 {"plan_hash", hex16(repro.plan_hash)},
                 {"build", to_json(repro.build)},
                 {"skip", std::move(skips)},
                 {"trail", repro.trail},
                 {"met", to_json(repro.met)},
                 {"plan", json::parse(plan_to_json(repro.plan))}};
  return out.dump(1) + "\n";
}

Result<Repro> repro_from_json(std::string_view text, const Registry& registry) {
  const json parsed = TRY(parse_json(text));
  JsonErrors errors;
  const JsonCursor in(parsed, "", errors);
  const std::int64_t version = TRY(read_version(in, parsed));
  in.at("schema");
  if (version == 1) {
    in.only({"schema", "signature", "fingerprint", "plan_hash", "build", "skip", "trail", "plan"});
  } else {
    in.only({"schema", "signature", "fingerprint", "plan_hash", "build", "skip", "trail", "met",
             "plan"});
  }
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
  if (version == 1) {
    repro.trail.clear();  // Of other digits.
  } else {
    repro.met = read_met(in.at("met"));
  }
  in.at("plan");
  TRY(errors.result());
  Result<Plan> plan = plan_from_json(parsed.at("plan").dump(), registry);
  if (!plan.has_value()) return fail(plan.error().code, "plan: " + plan.error().detail);
  repro.plan = *std::move(plan);
  return repro;
}

Result<ReproAbout> repro_about_from_json(std::string_view text) {
  const json parsed = TRY(parse_json(text));
  JsonErrors errors;
  const JsonCursor in(parsed, "", errors);
  ReproAbout about;
  about.signature = in.at("signature").text();
  about.build = read_build(in.at("build"));
  about.scenario = in.at("plan").at("scenario").text();
  about.seed = in.at("plan").at("seed").seed();
  TRY(errors.result());
  return about;
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
  replay.matched_percent = matched_percent(repro, record);
  if (record.is_red() && record.signature() == repro.signature) {
    replay.verdict = ReplayVerdict::kReproduced;
  } else if (record.is_red()) {
    replay.verdict = ReplayVerdict::kOther;
  } else if (replay.matched_percent.value_or(0) < min_match) {
    replay.verdict = ReplayVerdict::kStale;
  } else {
    replay.verdict = ReplayVerdict::kGone;
  }
  replay.record = std::move(record);
  return replay;
}

}  // namespace millrace::run
