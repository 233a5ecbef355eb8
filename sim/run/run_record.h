#pragma once

// What is known of one run once it is over: all that `run --json`, the failure screen, a campaign's
// database and a repro file need.
//
// Everything but `wall_ns` follows from (scenario, plan, build), so two records of one plan are
// equal but for that field.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kernel/choices.h"
#include "sim/kernel/meters.h"
#include "sim/run/crash_point.h"
#include "sim/run/property.h"
#include "sim/run/trace.h"
#include "system/base/result.h"

namespace millrace::run {

/// How a run ended, from harmless to bad but for the last.
enum class Verdict : std::uint8_t {
  kPass,
  kFail,          ///< A property objected, or a CHECK of the system under test failed.
  kCrash,         ///< The system under test crashed the process.
  kHang,          ///< A task span without virtual progress.
  kLimit,         ///< A bound of the run was reached.
  kInconclusive,  ///< Too little happened to say anything (a floor of the run).
};

/// "pass", "fail", "crash", "hang", "limit" or "inconclusive".
std::string_view to_text(Verdict verdict);
std::optional<Verdict> verdict_from_text(std::string_view name);

/// What became of one property in one run.
enum class PropertyVerdict : std::uint8_t {
  kHeld,
  kFailed,
  kNotJudged,     ///< The run broke an assumption, or ended before the property could be judged.
  kSkipped,       ///< The scenario skips it.
  kNotEvaluated,  ///< Nothing was there to compare.
  kNotSeen,       ///< A `sometimes` that was not witnessed in this run.
};

/// "held", "failed", "not_judged", "skipped", "not_evaluated" or "not_seen".
std::string_view to_text(PropertyVerdict verdict);
std::optional<PropertyVerdict> property_verdict_from_text(std::string_view name);

struct PropertyResult {
  std::string id;
  std::string name;
  PropertyKind kind = PropertyKind::kAlways;
  PropertyVerdict verdict = PropertyVerdict::kHeld;
  std::uint64_t evaluated = 0;
  /// Why it was not judged or is skipped; empty otherwise.
  std::string reason;

  friend bool operator==(const PropertyResult&, const PropertyResult&) = default;
};

/// An objection of a property, with its claim.
struct Objection {
  std::string property;  ///< Id.
  std::string name;
  std::string signature;
  std::string claim;
  std::string seen;
  std::string expected;
  std::vector<At> evidence;
  At at;

  friend bool operator==(const Objection&, const Objection&) = default;
};

/// Where the system under test was when it failed otherwise: a CHECK, a crash, a hang, a limit.
struct Breakdown {
  std::string signature;
  /// For people: "CHECK(a < b) failed: frames grow (3 < 2), at wal/log.cc:40", "SIGSEGV at 0x10".
  std::string what;
  std::string machine;
  std::string role;
  std::string task;
  At at;
  /// Symbolised frames, innermost first; empty where there are none.
  std::vector<std::string> frames;

  friend bool operator==(const Breakdown&, const Breakdown&) = default;
};

/// The moment of an anchored fault, as counted from the operation that a client had taken last:
/// with `since_operation` and `nth` like these the anchor is met at the same moment.
struct MetMoment {
  std::uint64_t fault = 0;
  std::uint64_t operation = 0;
  std::uint32_t nth = 0;

  friend bool operator==(const MetMoment&, const MetMoment&) = default;
};

struct FaultCount {
  std::string kind;
  std::uint64_t planned = 0;
  std::uint64_t fired = 0;
  std::uint64_t refused = 0;
  std::uint64_t took_effect = 0;

  friend bool operator==(const FaultCount&, const FaultCount&) = default;
};

/// One record of the fingerprint, in words.
struct KeptEvent {
  std::uint64_t number = 0;  ///< Of the fingerprint's record, from 0.
  std::int64_t time_ns = 0;
  std::uint64_t id = 0;
  /// "deliver", "timer", ..., or "content" for the bytes and fields that an event brought about.
  std::string kind;
  std::string machine;
  /// The task, link or disk whose event it is.
  std::string task;
  std::uint64_t content = 0;

  friend bool operator==(const KeptEvent&, const KeptEvent&) = default;
};

/// Draws of a run that are kept.
inline constexpr std::size_t kDrawsMax = 20'000;

/// A draw of a run that was not neutral: which override would match it, and what came out.
struct DrawRecord {
  sim::Purpose purpose = sim::Purpose::kCpuCost;
  sim::Root root;
  sim::EventKind kind = sim::EventKind::kControl;
  sim::Where where;
  std::uint32_t n = 0;
  std::uint32_t index = 0;
  std::int64_t value = 0;

  friend bool operator==(const DrawRecord&, const DrawRecord&) = default;
};

struct RunRecord {
  std::string scenario;
  std::uint64_t seed = 0;
  std::string strategy;
  Verdict verdict = Verdict::kPass;
  std::uint64_t fingerprint = 0;
  std::uint64_t plan = 0;  ///< plan_hash().
  std::uint64_t events = 0;
  std::int64_t virtual_ns = 0;
  std::int64_t wall_ns = 0;
  std::uint64_t acked_operations = 0;
  std::uint64_t records = 0;
  /// Records of clients that some property sees: what a canary may change.
  std::uint64_t client_records = 0;
  std::vector<PropertyResult> properties;
  std::vector<FaultCount> faults;  ///< Kinds that were planned or took effect.
  std::map<std::string, std::uint64_t, std::less<>> situations;
  std::map<std::string, std::uint64_t, std::less<>> marks;
  std::optional<Objection> violation;
  std::vector<Objection> consequences;
  std::optional<Breakdown> breakdown;
  /// The limit that was reached: "events", "tasks", ...
  std::optional<std::string> limit;
  /// Why it is inconclusive.
  std::string reason;
  /// Ids of faults that the budget refused: `is_refused` of the plan that a repro file gets.
  std::vector<std::uint64_t> refused_faults;
  /// Faults of the plan that never met their moment, and how often each override decided a draw.
  std::vector<std::uint64_t> unmatched_faults;
  std::vector<std::uint64_t> override_matches;
  /// Of anchored faults that met their moments after some operation had been taken.
  std::vector<MetMoment> met_moments;
  /// Ids of the operations that their clients took: "1-204,300" (id_ranges.h).
  std::string taken_operations;
  /// Hash of each full block of the fingerprint; only where the options ask for them.
  std::vector<std::uint64_t> block_hashes;
  std::vector<KeptEvent> kept;
  /// Only where the options ask for them, and of many the first kDrawsMax.
  std::vector<DrawRecord> draws;
  /// Only where the options ask for them.
  std::vector<CrashPoint> crash_points;
  std::vector<PowerLoss> power_losses;
  /// Only of a traced run; of frames and disk requests the last 20,000.
  std::vector<TraceLine> trace;
  TraceFacts trace_facts;
  /// Where another run of this plan parts from it is found by this (trail.h). Only of a traced run.
  std::string trail;

  friend bool operator==(const RunRecord&, const RunRecord&) = default;

  /// Whether it failed, crashed, hung or reached a limit.
  bool is_red() const { return verdict != Verdict::kPass && verdict != Verdict::kInconclusive; }
  /// The failure's signature; empty where there is none.
  std::string_view signature() const;
};

/// Sends a record through a pipe or into a database: one line of JSON that run_record_from_json()
/// reads back equal.
std::string run_record_to_json(const RunRecord& record);
/// Errors: kInvalid.
Result<RunRecord> run_record_from_json(std::string_view json);

}  // namespace millrace::run
