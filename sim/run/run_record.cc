#include "sim/run/run_record.h"

#include <array>
#include <nlohmann/json.hpp>

#include "system/base/check.h"

namespace millrace::run {
namespace {

using nlohmann::json;

constexpr std::array kVerdicts{Verdict::kPass, Verdict::kFail,  Verdict::kCrash,
                               Verdict::kHang, Verdict::kLimit, Verdict::kInconclusive};
constexpr std::array kPropertyVerdicts{PropertyVerdict::kHeld,         PropertyVerdict::kFailed,
                                       PropertyVerdict::kNotJudged,    PropertyVerdict::kSkipped,
                                       PropertyVerdict::kNotEvaluated, PropertyVerdict::kNotSeen};

template <typename Enum, std::size_t kCount>
std::optional<Enum> from_text(const std::array<Enum, kCount>& all, std::string_view name) {
  for (const Enum one : all) {
    if (to_text(one) == name) return one;
  }
  return std::nullopt;
}

/// Throws what json itself throws: caught in run_record_from_json().
[[noreturn]] void reject(const char* what) {
  throw json::type_error::create(302, what, static_cast<const json*>(nullptr));
}

}  // namespace

// Found by nlohmann::json by argument-dependent look-up, so not in the unnamed namespace.

static void to_json(json& out, const At& at) {
  out = json::array({at.ordinal, at.record, at.time.ns, at.machine});
}

static void from_json(const json& in, At& at) {
  if (in.size() != 4) reject("a place has four numbers");
  at = {.ordinal = in[0].get<std::uint64_t>(),
        .record = in[1].get<std::uint64_t>(),
        .time = {in[2].get<std::int64_t>()},
        .machine = in[3].get<std::uint32_t>()};
}

static void to_json(json& out, const PropertyVerdict& verdict) { out = to_text(verdict); }

static void from_json(const json& in, PropertyVerdict& verdict) {
  const auto known = property_verdict_from_text(in.get<std::string>());
  if (!known.has_value()) reject("an unknown verdict of a property");
  verdict = *known;
}

static void to_json(json& out, const Verdict& verdict) { out = to_text(verdict); }

static void from_json(const json& in, Verdict& verdict) {
  const auto known = verdict_from_text(in.get<std::string>());
  if (!known.has_value()) reject("an unknown verdict");
  verdict = *known;
}

// Arrays, for there are many of the following.

static void to_json(json& out, const TraceField& field) {
  out = json::array({field.name, field.value});
}

static void from_json(const json& in, TraceField& field) {
  if (in.size() != 2) reject("a field has a name and a value");
  in[0].get_to(field.name);
  in[1].get_to(field.value);
}

/// Calls `member(value)` for each part of a line, in a fixed order.
template <typename Line, typename Member>
static void for_each_part(Line& line, Member member) {
  member(line.ordinal);
  member(line.time_ns);
  member(line.kind);
  member(line.machine);
  member(line.peer);
  member(line.text);
  member(line.words);
  member(line.record);
  member(line.operation);
  member(line.is_judged);
  member(line.fingerprint_records);
  member(line.number);
  member(line.causes);
  member(line.message);
  member(line.fault);
  member(line.is_end);
  member(line.struck);
  member(line.others);
  member(line.unsynced_bytes);
  member(line.type);
  member(line.fields);
}
constexpr std::size_t kLineParts = 21;

static void to_json(json& out, const TraceLine& line) {
  out = json::array();
  for_each_part(line, [&](const auto& part) { out.push_back(part); });
}

static void from_json(const json& in, TraceLine& line) {
  if (in.size() != kLineParts) reject("a line of a trace has its parts");
  std::size_t next = 0;
  for_each_part(line, [&](auto& part) { in[next++].get_to(part); });
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TraceMoment, ordinal, time_ns)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TracedOperation, id, taken, ended, outcome)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MachineChange, machine, life, at)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TraceFacts, lines_left_out, operations, machines, settle_ns)

static void to_json(json& out, const DrawRecord& draw) {
  out = json::array({static_cast<int>(draw.purpose), draw.root.value, static_cast<int>(draw.kind),
                     draw.where.value, draw.n, draw.index, draw.value});
}

static void from_json(const json& in, DrawRecord& draw) {
  if (in.size() != 7) reject("a draw has seven numbers");
  const auto purpose = in[0].get<std::uint32_t>();
  const auto kind = in[2].get<std::uint32_t>();
  if (purpose >= sim::kPurposeCount) reject("an unknown purpose of a draw");
  if (kind >= sim::kEventKindCount) reject("an unknown kind of event");
  draw = {.purpose = static_cast<sim::Purpose>(purpose),
          .root = {in[1].get<std::uint64_t>()},
          .kind = static_cast<sim::EventKind>(kind),
          .where = {in[3].get<std::uint64_t>()},
          .n = in[4].get<std::uint32_t>(),
          .index = in[5].get<std::uint32_t>(),
          .value = in[6].get<std::int64_t>()};
}

static void to_json(json& out, const CrashPoint& point) {
  json files = json::array();
  for (const CrashPoint::File& file : point.files) {
    json sectors = json::array();
    for (const CrashPoint::DirtyPart& part : file.sectors) {
      sectors.push_back({part.sector, part.versions, part.from, part.to});
    }
    files.push_back({file.where.value, file.size_changes, std::move(sectors)});
  }
  json names = json::array();
  for (const sim::Where name : point.names) names.push_back(name.value);
  out = {point.machine,     point.what,          static_cast<int>(point.phase),
         point.operation,   point.nth,           point.root.value,
         point.offset,      point.bytes,         point.journal,
         point.is_repeated, point.is_formatting, std::move(names),
         std::move(files),  point.images};
}

static void from_json(const json& in, CrashPoint& point) {
  constexpr int kPhases = 3;
  if (in.size() != 14) reject("a crash point has fourteen parts");
  const int phase = in[2].get<int>();
  if (phase < 0 || phase >= kPhases) reject("an unknown phase of a request");
  point = {.machine = in[0].get<std::string>(),
           .what = in[1].get<std::string>(),
           .phase = static_cast<sim::DiskPhase>(phase),
           .operation = in[3].get<std::uint64_t>(),
           .nth = in[4].get<std::uint32_t>(),
           .root = {in[5].get<std::uint64_t>()},
           .offset = in[6].get<std::uint64_t>(),
           .bytes = in[7].get<std::uint64_t>(),
           .journal = in[8].get<std::uint64_t>(),
           .is_repeated = in[9].get<bool>(),
           .is_formatting = in[10].get<bool>(),
           .names = {},
           .files = {},
           .images = in[13].get<std::vector<std::uint64_t>>()};
  for (const json& name : in[11]) point.names.push_back({name.get<std::uint64_t>()});
  for (const json& file : in[12]) {
    CrashPoint::File found{.where = {file.at(0).get<std::uint64_t>()},
                           .size_changes = file.at(1).get<std::uint64_t>(),
                           .sectors = {}};
    for (const json& part : file.at(2)) {
      found.sectors.push_back({.sector = part.at(0).get<std::uint64_t>(),
                               .versions = part.at(1).get<std::uint64_t>(),
                               .from = part.at(2).get<std::uint32_t>(),
                               .to = part.at(3).get<std::uint32_t>()});
    }
    point.files.push_back(std::move(found));
  }
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PowerLoss, machine, at, image, is_formatting)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PropertyResult, id, name, kind, verdict, evaluated, reason)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Objection, property, name, signature, claim, seen, expected,
                                   evidence, at)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Breakdown, signature, what, machine, role, task, at, frames)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FaultCount, kind, planned, fired, refused, took_effect)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MetMoment, fault, operation, nth)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KeptEvent, number, time_ns, id, kind, machine, task, content)

namespace {

template <typename T>
void put_if(json& out, const char* name, const std::optional<T>& value) {
  if (value.has_value()) out[name] = *value;
}

template <typename T>
void get_if(const json& in, const char* name, std::optional<T>& value) {
  if (in.contains(name)) value = in.at(name).get<T>();
}

/// Calls `field(name, member)` for every member that is always there.
template <typename Record, typename Field>
void for_each_member(Record& record, Field field) {
  field("scenario", record.scenario);
  field("seed", record.seed);
  field("strategy", record.strategy);
  field("verdict", record.verdict);
  field("fingerprint", record.fingerprint);
  field("plan", record.plan);
  field("events", record.events);
  field("virtual_ns", record.virtual_ns);
  field("wall_ns", record.wall_ns);
  field("acked_operations", record.acked_operations);
  field("records", record.records);
  field("client_records", record.client_records);
  field("properties", record.properties);
  field("faults", record.faults);
  field("situations", record.situations);
  field("marks", record.marks);
  field("consequences", record.consequences);
  field("reason", record.reason);
  field("refused_faults", record.refused_faults);
  field("unmatched_faults", record.unmatched_faults);
  field("override_matches", record.override_matches);
  field("taken_operations", record.taken_operations);
  field("block_hashes", record.block_hashes);
  field("kept", record.kept);
  field("draws", record.draws);
  field("trace", record.trace);
  field("trace_facts", record.trace_facts);
  field("trail", record.trail);
}

}  // namespace

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kFail:
      return "fail";
    case Verdict::kCrash:
      return "crash";
    case Verdict::kHang:
      return "hang";
    case Verdict::kLimit:
      return "limit";
    case Verdict::kInconclusive:
      return "inconclusive";
  }
  UNREACHABLE("a verdict outside its list");
}

std::optional<Verdict> verdict_from_text(std::string_view name) {
  return from_text(kVerdicts, name);
}

std::string_view to_text(PropertyVerdict verdict) {
  switch (verdict) {
    case PropertyVerdict::kHeld:
      return "held";
    case PropertyVerdict::kFailed:
      return "failed";
    case PropertyVerdict::kNotJudged:
      return "not_judged";
    case PropertyVerdict::kSkipped:
      return "skipped";
    case PropertyVerdict::kNotEvaluated:
      return "not_evaluated";
    case PropertyVerdict::kNotSeen:
      return "not_seen";
  }
  UNREACHABLE("a verdict of a property outside its list");
}

std::optional<PropertyVerdict> property_verdict_from_text(std::string_view name) {
  return from_text(kPropertyVerdicts, name);
}

std::string_view RunRecord::signature() const {
  if (violation.has_value()) return violation->signature;
  if (breakdown.has_value()) return breakdown->signature;
  return {};
}

std::string run_record_to_json(const RunRecord& record) {
  json out = json::object();
  for_each_member(record, [&](const char* name, const auto& member) { out[name] = member; });
  put_if(out, "violation", record.violation);
  put_if(out, "breakdown", record.breakdown);
  put_if(out, "limit", record.limit);
  if (!record.met_moments.empty()) out["met_moments"] = record.met_moments;
  if (!record.crash_points.empty()) out["crash_points"] = record.crash_points;
  if (!record.power_losses.empty()) out["power_losses"] = record.power_losses;
  // Payloads may end up in texts: bytes that are no UTF-8 must not stop a campaign.
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<RunRecord> run_record_from_json(std::string_view text) {
  RunRecord record;
  try {
    const json in = json::parse(text);
    for_each_member(record, [&](const char* name, auto& member) { in.at(name).get_to(member); });
    get_if(in, "violation", record.violation);
    get_if(in, "breakdown", record.breakdown);
    get_if(in, "limit", record.limit);
    if (in.contains("met_moments")) in.at("met_moments").get_to(record.met_moments);
    if (in.contains("crash_points")) in.at("crash_points").get_to(record.crash_points);
    if (in.contains("power_losses")) in.at("power_losses").get_to(record.power_losses);
  } catch (const json::exception& error) {
    return fail(Errc::kInvalid, error.what());
  }
  return record;
}

}  // namespace millrace::run
