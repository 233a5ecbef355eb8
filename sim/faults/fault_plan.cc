#include "sim/faults/fault_plan.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "system/base/check.h"
#include "system/base/units.h"

namespace millrace::sim {
namespace {

constexpr std::array<std::pair<AnchorKind, std::string_view>, 10> kAnchorNames{{
    {AnchorKind::kMark, "mark"},
    {AnchorKind::kFact, "fact"},
    {AnchorKind::kDiskWrite, "disk_write"},
    {AnchorKind::kDiskSync, "disk_sync"},
    {AnchorKind::kDiskRename, "disk_rename"},
    {AnchorKind::kFrame, "frame"},
    {AnchorKind::kBoot, "boot"},
    {AnchorKind::kDiskChange, "disk_change"},
    {AnchorKind::kOperationAfterBoot, "operation_after_boot"},
    {AnchorKind::kEntityEvent, "entity_event"},
}};

/// A phase in files, and as people say it.
struct PhaseName {
  DiskPhase phase;
  std::string_view name;
  std::string_view words;
};
constexpr std::array<PhaseName, 3> kPhaseNames{{{DiskPhase::kBefore, "before", " begun"},
                                                {DiskPhase::kDuring, "during", " under way"},
                                                {DiskPhase::kAfter, "after", " done"}}};

const PhaseName& name_of(DiskPhase phase) {
  return *std::ranges::find(kPhaseNames, phase, &PhaseName::phase);
}

bool is_disk_request(AnchorKind kind) {
  return kind == AnchorKind::kDiskWrite || kind == AnchorKind::kDiskSync ||
         kind == AnchorKind::kDiskRename || kind == AnchorKind::kDiskChange ||
         kind == AnchorKind::kOperationAfterBoot;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += ',';
    text += part;
  }
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return parts;
}

/// Puts together the fields that differ from their default.
class FieldWriter {
 public:
  void text(std::string_view name, std::string value) {
    if (!value.empty()) fields.push_back({std::string(name), std::move(value)});
  }
  void integer(std::string_view name, std::int64_t value, std::int64_t unless) {
    if (value != unless) fields.push_back({std::string(name), value});
  }
  void time(std::string_view name, Duration value) {
    if (value.ns != 0) text(name, to_text(value));
  }

  std::vector<ActionField> fields;
};

void write_anchor(const Anchor& anchor, FieldWriter& writer) {
  writer.text("anchor", std::string(to_text(anchor.kind)));
  writer.text("machine", anchor.machine);
  writer.text("peer", anchor.peer);
  writer.text("name", anchor.name);
  std::string filters;
  for (const FieldFilter& filter : anchor.fields) {
    if (!filters.empty()) filters += ',';
    filters += filter.field + '=' + filter.value;
  }
  writer.text("fields", filters);
  if (is_disk_request(anchor.kind)) {
    writer.text("phase", std::string(name_of(anchor.phase).name));
  }
  writer.integer("operation", static_cast<std::int64_t>(anchor.operation), 0);
  writer.integer("since_operation", static_cast<std::int64_t>(anchor.since_operation), 0);
  writer.integer("nth", anchor.nth, 1);
}

/// The fields of one action, each taken at most once.
class FieldReader {
 public:
  explicit FieldReader(std::span<const ActionField> fields)
      : fields_(fields), is_taken_(fields.size()) {}

  /// Leaves `into` alone where the field is missing.
  Result<void> text(std::string_view name, std::string& into) {
    const ActionField* const field = take(name);
    if (field == nullptr) return {};
    const auto* const value = std::get_if<std::string>(&field->value);
    if (value == nullptr) return fail(Errc::kInvalid, field->name + ": expected text");
    into = *value;
    return {};
  }

  Result<void> integer(std::string_view name, std::int64_t low, std::int64_t& into) {
    const ActionField* const field = take(name);
    if (field == nullptr) return {};
    const auto* const value = std::get_if<std::int64_t>(&field->value);
    if (value == nullptr) return fail(Errc::kInvalid, field->name + ": expected a whole number");
    if (*value < low) {
      return fail(Errc::kInvalid, field->name + ": expected at least " + std::to_string(low));
    }
    into = *value;
    return {};
  }

  Result<void> time(std::string_view name, Duration& into) {
    std::string value;
    TRY(text(name, value));
    if (value.empty()) return {};
    Result<Duration> parsed = parse_duration(value);
    if (!parsed.has_value()) {
      return fail(Errc::kInvalid, std::string(name) + ": " + parsed.error().detail);
    }
    if (parsed->ns < 0) return fail(Errc::kInvalid, std::string(name) + ": is negative");
    into = *parsed;
    return {};
  }

  Result<void> names(std::string_view name, std::vector<std::string>& into) {
    std::string value;
    TRY(text(name, value));
    into = split(value);
    return {};
  }

  /// Complains about the first field that nobody asked for.
  Result<void> finish() const {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (!is_taken_[i]) {
        return fail(Errc::kInvalid, fields_[i].name + ": not a field of this action");
      }
    }
    return {};
  }

 private:
  const ActionField* take(std::string_view name) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].name != name || is_taken_[i]) continue;
      is_taken_[i] = true;
      return &fields_[i];
    }
    return nullptr;
  }

  std::span<const ActionField> fields_;
  std::vector<bool> is_taken_;
};

Result<std::vector<FieldFilter>> parse_filters(std::string_view text) {
  std::vector<FieldFilter> filters;
  for (const std::string& part : split(text)) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) {
      return fail(Errc::kInvalid, "fields: expected NAME=VALUE, got " + part);
    }
    filters.push_back({.field = part.substr(0, equals), .value = part.substr(equals + 1)});
  }
  return filters;
}

Result<std::optional<Anchor>> read_anchor(FieldReader& reader) {
  std::string kind_name;
  TRY(reader.text("anchor", kind_name));
  if (kind_name.empty()) return std::optional<Anchor>();
  const std::optional<AnchorKind> kind = anchor_kind_from_text(kind_name);
  if (!kind.has_value()) return fail(Errc::kInvalid, "anchor: no such sort: " + kind_name);
  Anchor anchor;
  anchor.kind = *kind;
  TRY(reader.text("machine", anchor.machine));
  TRY(reader.text("peer", anchor.peer));
  TRY(reader.text("name", anchor.name));
  std::string filters;
  TRY(reader.text("fields", filters));
  anchor.fields = TRY(parse_filters(filters));
  std::string phase(name_of(anchor.phase).name);
  if (is_disk_request(anchor.kind)) TRY(reader.text("phase", phase));
  const auto* const named = std::ranges::find(kPhaseNames, phase, &PhaseName::name);
  if (named == kPhaseNames.end()) {
    return fail(Errc::kInvalid, "phase: expected before, during or after, got " + phase);
  }
  anchor.phase = named->phase;
  if (anchor.kind == AnchorKind::kDiskChange) {
    std::int64_t operation = 0;
    TRY(reader.integer("operation", 1, operation));
    anchor.operation = static_cast<std::uint64_t>(operation);
  }
  std::int64_t since = 0;
  TRY(reader.integer("since_operation", 1, since));
  anchor.since_operation = static_cast<std::uint64_t>(since);
  std::int64_t nth = 1;
  TRY(reader.integer("nth", 1, nth));
  if (nth > UINT32_MAX) return fail(Errc::kInvalid, "nth: too large");
  anchor.nth = static_cast<std::uint32_t>(nth);
  return std::optional<Anchor>(std::move(anchor));
}

/// "1st", "2nd", "3rd", "11th".
std::string ordinal_text(std::uint32_t n) {
  const bool is_teen = n / 10 % 10 == 1;
  constexpr std::array<std::string_view, 4> kEndings{"th", "st", "nd", "rd"};
  const std::uint32_t last = n % 10;
  return std::to_string(n) + std::string(kEndings[is_teen || last > 3 ? 0 : last]);
}

std::string anchor_text(const Anchor& anchor) {
  std::string kind(to_text(anchor.kind));
  std::ranges::replace(kind, '_', ' ');
  std::string text = "at " + kind;
  if (!anchor.name.empty()) text += ' ' + anchor.name;
  for (const FieldFilter& filter : anchor.fields) text += ' ' + filter.field + '=' + filter.value;
  if (anchor.kind == AnchorKind::kFrame) {
    text += ' ' + (anchor.machine.empty() ? std::string("any") : anchor.machine) + " -> " +
            (anchor.peer.empty() ? std::string("any") : anchor.peer);
  } else if (!anchor.machine.empty()) {
    text += " on " + anchor.machine;
  }
  if (is_disk_request(anchor.kind)) {
    text += name_of(anchor.phase).words;
  }
  if (anchor.operation != 0) text += " for operation " + std::to_string(anchor.operation);
  text += ", " + ordinal_text(anchor.nth);
  if (anchor.since_operation == 0) return text;
  return text + " since operation " + std::to_string(anchor.since_operation);
}

/// Kinds that do their work at once, or whose `duration` is a machine's time without power.
bool needs_duration(FaultKind kind) { return kind == FaultKind::kScheduleDelay; }

bool needs_period(FaultKind kind) {
  return kind == FaultKind::kNetFlapping || kind == FaultKind::kNetSwizzle ||
         kind == FaultKind::kMachineRollingRestart || kind == FaultKind::kMachineOlderDisk;
}

/// Beyond these a number is a slip of the pen, and some would overflow what they are added to.
std::int64_t amount_max(std::string_view unit) {
  if (unit == "factor") return 1'000'000;
  if (unit == "loss_percent") return 99;
  if (unit == "rate_ppm") return 500'000;
  if (unit == "step_ns") return seconds(std::int64_t{100} * 365 * 86'400).ns;
  if (unit == "places") return 10'000;
  return std::numeric_limits<std::uint32_t>::max();
}

Result<void> validate(const FaultAction& action) {
  const std::string_view unit = amount_name(action.kind);
  if (unit.empty() && action.amount != 0) return fail(Errc::kInvalid, "has no amount");
  const bool may_be_negative = unit == "rate_ppm" || unit == "step_ns";
  const bool may_be_zero = unit == "room_bytes";
  const bool is_amount_legal =
      may_be_negative ? action.amount != 0 : action.amount > (may_be_zero ? -1 : 0);
  if (!unit.empty() && !is_amount_legal) {
    return fail(Errc::kInvalid, "needs " + std::string(unit));
  }
  const std::int64_t most = amount_max(unit);
  if (action.amount > most || action.amount < -most) {
    return fail(Errc::kInvalid, std::string(unit) + " is at most " + std::to_string(most));
  }
  if (needs_duration(action.kind) && action.duration.ns == 0) {
    return fail(Errc::kInvalid, "needs a duration");
  }
  if (needs_period(action.kind) && action.period.ns <= 0) {
    return fail(Errc::kInvalid, "needs a period");
  }
  if (action.kind == FaultKind::kScheduleDelay && !action.anchor.has_value()) {
    return fail(Errc::kInvalid, "needs an anchor, which says what it holds");
  }
  if (action.kind == FaultKind::kScheduleDelay && action.at.ns != 0) {
    return fail(Errc::kInvalid, "holds what its anchor names right there: at is 0");
  }
  const bool is_in_device = action.anchor.has_value() && is_disk_request(action.anchor->kind) &&
                            action.anchor->phase == DiskPhase::kDuring;
  if (action.kind == FaultKind::kScheduleDelay && is_in_device) {
    return fail(Errc::kInvalid, "finds no task to hold while a request is under way");
  }
  if (action.kind == FaultKind::kNetBridge && action.others.empty()) {
    return fail(Errc::kInvalid, "needs the machine between the two sides, in others");
  }
  if (action.kind == FaultKind::kMachineOlderDisk && action.targets.size() > 1) {
    return fail(Errc::kInvalid, "strikes one machine");
  }
  if (action.kind == FaultKind::kScheduleDelay && action.anchor->kind == AnchorKind::kBoot) {
    return fail(Errc::kInvalid, "finds nothing to hold at a boot");
  }
  const bool is_whole_deployment = action.kind == FaultKind::kNetRing;
  const bool is_anchored_to_machine =
      action.anchor.has_value() && action.anchor->kind != AnchorKind::kEntityEvent;
  if (action.targets.empty() && !is_anchored_to_machine && !is_whole_deployment &&
      action.kind != FaultKind::kScheduleDelay) {
    return fail(Errc::kInvalid, "needs targets");
  }
  return {};
}

}  // namespace

std::string_view to_text(AnchorKind kind) {
  for (const auto& [value, name] : kAnchorNames) {
    if (value == kind) return name;
  }
  UNREACHABLE("every sort of anchor has a name");
}

std::optional<AnchorKind> anchor_kind_from_text(std::string_view name) {
  for (const auto& [value, known] : kAnchorNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::string_view amount_name(FaultKind kind) {
  switch (kind) {
    case FaultKind::kNetSlow:
    case FaultKind::kDiskSlow:
    case FaultKind::kMachineSlowCpu:
      return "factor";
    case FaultKind::kNetLoss:
      return "loss_percent";
    case FaultKind::kClockRate:
    case FaultKind::kClockRateBeyond:
      return "rate_ppm";
    case FaultKind::kClockWallStep:
      return "step_ns";
    case FaultKind::kDiskFull:
      return "room_bytes";
    case FaultKind::kDiskFailedSync:
    case FaultKind::kDiskWriteError:
    case FaultKind::kDiskMisdirectedWrite:
    case FaultKind::kDiskMisdirectedRead:
    case FaultKind::kDiskStaleRead:
      return "requests";
    case FaultKind::kDiskReadError:
    case FaultKind::kDiskBitRot:
      return "places";
    default:
      return {};
  }
}

std::vector<ActionField> to_fields(const FaultAction& action) {
  FieldWriter writer;
  writer.integer("id", static_cast<std::int64_t>(action.id), 0);
  writer.text("kind", std::string(to_text(action.kind)));
  writer.integer("after", static_cast<std::int64_t>(action.after), 0);
  writer.time("at", action.at);
  if (action.anchor.has_value()) write_anchor(*action.anchor, writer);
  writer.text("targets", joined(action.targets));
  writer.text("others", joined(action.others));
  writer.time("duration", action.duration);
  if (!amount_name(action.kind).empty()) {
    writer.integer(amount_name(action.kind), action.amount, 0);
  }
  writer.time("period", action.period);
  writer.integer("refused", action.is_refused ? 1 : 0, 0);
  return std::move(writer.fields);
}

Result<FaultAction> action_from_fields(std::span<const ActionField> fields) {
  FieldReader reader(fields);
  FaultAction action;
  std::int64_t id = 0;
  TRY(reader.integer("id", 1, id));
  if (id == 0) return fail(Errc::kInvalid, "id: missing");
  action.id = static_cast<std::uint64_t>(id);
  std::string kind_name;
  TRY(reader.text("kind", kind_name));
  const std::optional<FaultKind> kind = fault_kind_from_text(kind_name);
  if (!kind.has_value()) return fail(Errc::kInvalid, "kind: no such fault: " + kind_name);
  action.kind = *kind;
  std::int64_t after = 0;
  TRY(reader.integer("after", 1, after));
  action.after = static_cast<std::uint64_t>(after);
  TRY(reader.time("at", action.at));
  action.anchor = TRY(read_anchor(reader));
  TRY(reader.names("targets", action.targets));
  TRY(reader.names("others", action.others));
  TRY(reader.time("duration", action.duration));
  const std::string_view unit = amount_name(action.kind);
  if (!unit.empty()) TRY(reader.integer(unit, INT64_MIN, action.amount));
  TRY(reader.time("period", action.period));
  std::int64_t refused = 0;
  TRY(reader.integer("refused", 0, refused));
  action.is_refused = refused != 0;
  TRY(reader.finish());
  return action;
}

void forget_needless(FaultAction& action) {
  if (amount_name(action.kind).empty()) action.amount = 0;
  const bool has_phase = action.anchor.has_value() && is_disk_request(action.anchor->kind);
  if (action.anchor.has_value() && !has_phase) action.anchor->phase = DiskPhase::kBefore;
  const bool has_operation = has_phase && action.anchor->kind == AnchorKind::kDiskChange;
  if (action.anchor.has_value() && !has_operation) action.anchor->operation = 0;
}

Result<void> validate(const FaultPlan& plan) {
  std::vector<std::uint64_t> ids;
  for (const FaultAction& action : plan.actions) {
    const std::string who = "fault " + std::to_string(action.id) + ": ";
    if (action.id == 0) return fail(Errc::kInvalid, who + "ids start at 1");
    if (std::ranges::find(ids, action.id) != ids.end()) {
      return fail(Errc::kInvalid, who + "this id is taken");
    }
    if (action.after != 0 && std::ranges::find(ids, action.after) == ids.end()) {
      return fail(Errc::kInvalid, who + "after: no earlier fault has this id");
    }
    ids.push_back(action.id);
    const Result<void> valid = validate(action);
    if (!valid.has_value()) {
      return fail(Errc::kInvalid,
                  who + std::string(to_text(action.kind)) + ' ' + valid.error().detail);
    }
  }
  return {};
}

std::string rough_text(Duration duration) {
  struct Unit {
    std::string_view name;
    std::int64_t size;
  };
  static constexpr std::array<Unit, 4> kUnits{
      {{" s", 1'000'000'000}, {" ms", 1'000'000}, {" us", 1'000}, {" ns", 1}}};
  constexpr std::int64_t kManyWhole = 100;
  for (const Unit& unit : kUnits) {
    if (duration.ns < unit.size) continue;
    const std::int64_t whole = duration.ns / unit.size;
    std::string text = std::to_string(whole);
    const std::int64_t hundredths = duration.ns % unit.size * 100 / unit.size;
    if (whole < kManyWhole && hundredths > 0) {
      text += '.' + std::to_string(hundredths / 10);
      if (hundredths % 10 != 0) text += std::to_string(hundredths % 10);
    }
    return text.append(unit.name);
  }
  return to_text(duration);
}

std::string describe_moment(const FaultAction& action) {
  std::string text;
  if (action.anchor.has_value()) {
    text = anchor_text(*action.anchor);
    if (action.at.ns != 0) text = rough_text(action.at) + " after " + text.substr(3);
  } else {
    text = (action.after == 0 ? "at " : "") + rough_text(action.at);
  }
  if (action.after == 0) return text;
  return text + (action.anchor.has_value() ? ", once fault " : " after fault ") +
         std::to_string(action.after) + (action.anchor.has_value() ? " fired" : "");
}

std::string describe(const FaultAction& action) {
  std::string text(to_text(action.kind));
  if (!action.targets.empty()) text += ' ' + joined(action.targets);
  if (!action.others.empty()) text += " | " + joined(action.others);
  if (!amount_name(action.kind).empty()) {
    text += ' ' + std::string(amount_name(action.kind)) + '=' + std::to_string(action.amount);
  }
  if (action.duration.ns != 0) text += " for " + rough_text(action.duration);
  if (action.period.ns != 0) text += " every " + rough_text(action.period);
  text += ", " + describe_moment(action);
  if (action.is_refused) text += " (refused)";
  return text;
}

}  // namespace millrace::sim
