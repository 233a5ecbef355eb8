#include "sim/command/scenario_file.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "sim/command/output_dir.h"
#include "sim/command/scenario_values.h"
#include "system/base/units.h"

// clang-format off: the options come first.
#include "sim/command/toml_options.h"
#include <toml++/toml.h>
// clang-format on

namespace millrace::command {
namespace {

using run::KnobValues;
using run::Range;
using run::Ranges;
using run::Registry;
using run::Scenario;
using run::ScenarioSource;
using run::ScenarioWorkload;

/// Fills one Scenario from one file, collecting mistakes.
class Loader {
 public:
  Loader(const ScenarioSource& source, const Registry& registry)
      : registry_(registry), file_(source.path.empty() ? source.name + ".toml" : source.path) {}

  ScenarioResult load(const ScenarioSource& source, bool may_extend);

 private:
  void read_top(const toml::table& top);
  void read_key(std::string_view key, const toml::node& node);
  void read_cluster(const toml::table& table);
  void read_faults(const toml::table& table);
  void read_fault_kinds(const toml::table& table, const std::string& prefix);
  void read_floors(const toml::table& table);
  void read_workloads(const toml::table& table);
  void read_workload(const std::string& name, const toml::table& table);
  void read_skip(const toml::array& list);
  void read_knobs(const toml::table& table);
  void read_settings(const std::string& path, const toml::node& node);
  void extend(const toml::node& node);
  void report_invalid();

  void complain(const toml::node& node, std::string what) {
    const toml::source_position at = node.source().begin;
    errors_.push_back(
        {.file = file_, .line = at.line, .column = at.column, .what = std::move(what)});
  }
  void unknown(const toml::node& node, std::string_view sort, std::string_view name,
               const std::vector<std::string>& known) {
    complain(node, unknown_name(sort, name, known));
  }
  const toml::table* table_of(const toml::node& node, std::string_view key) {
    if (!node.is_table()) complain(node, fmt::format("{} is a table", key));
    return node.as_table();
  }
  std::optional<std::string> text_of(const toml::node& node, std::string_view key);
  std::optional<Duration> duration_of(const toml::node& node, std::string_view key);
  std::optional<Range> range_of(const toml::node& node, const std::string& path,
                                const KnobView* knob);
  void remember(const std::string& path, const toml::node& node) {
    lines_[path] = node.source().begin;
  }

  const Registry& registry_;
  const std::string file_;
  Scenario scenario_;
  std::vector<FileError> errors_;
  std::map<std::string, toml::source_position> lines_;  // By the path that validate() names.
};

std::optional<std::string> Loader::text_of(const toml::node& node, std::string_view key) {
  const auto text = node.value_exact<std::string>();
  if (!text.has_value()) complain(node, fmt::format("{} is a text in quotes", key));
  return text;
}

std::optional<Duration> Loader::duration_of(const toml::node& node, std::string_view key) {
  const auto text = text_of(node, key);
  if (!text.has_value()) return std::nullopt;
  const Result<Duration> duration = parse_duration(*text);
  if (!duration.has_value()) {
    complain(node, fmt::format("{}: {}", key, duration.error().detail));
    return std::nullopt;
  }
  return *duration;
}

std::optional<Range> Loader::range_of(const toml::node& node, const std::string& path,
                                      const KnobView* knob) {
  remember(path, node);
  const auto read_one = [&](const toml::node& one) -> std::expected<Range, std::string> {
    if (const auto integer = one.value_exact<std::int64_t>()) {
      return parse_range(std::to_string(*integer), knob);
    }
    if (const auto truth = one.value_exact<bool>()) {
      return parse_range(*truth ? "true" : "false", knob);
    }
    if (const auto text = one.value_exact<std::string>()) return parse_range(*text, knob);
    return std::unexpected(std::string("a number, a text or an array of these"));
  };
  if (const toml::array* const list = node.as_array()) {
    std::vector<std::int64_t> choices;
    for (const toml::node& one : *list) {
      const auto range = read_one(one);
      if (range.has_value() && range->is_fixed()) {
        choices.push_back(range->low);
      } else {
        complain(one, fmt::format("{}: expected {}", path,
                                  range.has_value() ? "single values in a choice" : range.error()));
      }
    }
    if (list->empty()) complain(node, fmt::format("{}: a choice needs a value", path));
    return choices.empty() ? std::nullopt : std::optional(Range::one_of(std::move(choices)));
  }
  const auto range = read_one(node);
  if (range.has_value()) return *range;
  complain(node, fmt::format("{}: expected {}", path, range.error()));
  return std::nullopt;
}

ScenarioResult Loader::load(const ScenarioSource& source, bool may_extend) {
  scenario_.name = source.name;
  const toml::parse_result parsed = toml::parse(source.text, file_);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return std::unexpected(std::vector<FileError>{{.file = file_,
                                                   .line = error.source().begin.line,
                                                   .column = error.source().begin.column,
                                                   .what = std::string(error.description())}});
  }
  const toml::table& top = parsed.table();
  if (const toml::node* const base = top.get("extends"); base != nullptr) {
    if (may_extend) {
      extend(*base);
    } else {
      complain(*base, "a scenario that is extended does not extend another one");
    }
  }
  read_top(top);
  report_invalid();
  if (!errors_.empty()) return std::unexpected(std::move(errors_));
  return std::move(scenario_);
}

void Loader::extend(const toml::node& node) {
  const auto name = text_of(node, "extends");
  if (!name.has_value()) return;
  const auto source = find_scenario(*name, registry_);
  if (!source.has_value()) {
    complain(node, source.error().what);
    return;
  }
  ScenarioResult base = Loader(*source, registry_).load(*source, false);
  if (!base.has_value()) {
    complain(node,
             fmt::format("'{}' has mistakes of its own: {}", *name, to_text(base.error().front())));
    return;
  }
  std::string own_name = std::move(scenario_.name);
  scenario_ = *std::move(base);
  scenario_.name = std::move(own_name);
  scenario_.tags.clear();
}

void Loader::read_top(const toml::table& top) {
  for (const auto& [key, node] : top) read_key(key.str(), node);
  for (const ScenarioKey& key : scenario_keys()) {
    if (!key.is_required || top.contains(key.name) || top.contains("extends")) continue;
    errors_.push_back({.file = file_,
                       .line = 0,
                       .column = 0,
                       .what = fmt::format("'{}' is missing: {}", key.name, key.about)});
  }
}

void Loader::read_key(std::string_view key, const toml::node& node) {
  const auto with_table = [&](void (Loader::*read)(const toml::table&)) {
    if (const toml::table* const table = table_of(node, key)) (this->*read)(*table);
  };
  remember(std::string(key), node);
  if (key == "story") {
    scenario_.story = text_of(node, key).value_or("");
  } else if (key == "extends") {
    return;  // Read before everything else.
  } else if (key == "tags") {
    const toml::array* const list = node.as_array();
    if (list == nullptr) return complain(node, "tags is an array of texts");
    for (const toml::node& tag : *list)
      scenario_.tags.push_back(text_of(tag, "a tag").value_or(""));
  } else if (key == "run_for") {
    scenario_.run_for = duration_of(node, key).value_or(scenario_.run_for);
  } else if (key == "settle_for") {
    scenario_.settle_for = duration_of(node, key).value_or(scenario_.settle_for);
  } else if (key == "strategy") {
    const auto name = text_of(node, key);
    if (!name.has_value() || *name == "portfolio") return;
    scenario_.strategy = sim::strategy_from_text(*name);
    if (!scenario_.strategy.has_value()) unknown(node, "strategy", *name, strategy_names());
  } else if (key == "cluster") {
    with_table(&Loader::read_cluster);
  } else if (key == "faults") {
    with_table(&Loader::read_faults);
  } else if (key == "floors") {
    with_table(&Loader::read_floors);
  } else if (key == "workloads") {
    with_table(&Loader::read_workloads);
  } else if (key == "knobs") {
    with_table(&Loader::read_knobs);
  } else if (key == "skip") {
    const toml::array* const list = node.as_array();
    if (list == nullptr) return complain(node, "skip is an array of {id, reason}");
    read_skip(*list);
  } else {
    read_settings(std::string(key), node);
  }
}

void Loader::read_settings(const std::string& path, const toml::node& node) {
  if (const toml::table* const table = node.as_table()) {
    for (const auto& [key, below] : *table) {
      read_settings(fmt::format("{}.{}", path, key.str()), below);
    }
    return;
  }
  const KnobView* const knob = registry_.find_setting(path);
  if (knob == nullptr) return unknown(node, "key", path, known_paths(registry_, path));
  if (const auto range = range_of(node, path, knob)) scenario_.settings[path] = *range;
}

void Loader::read_cluster(const toml::table& table) {
  for (const auto& [key, node] : table) {
    const std::string role(key.str());
    const auto range = range_of(node, "cluster." + role, nullptr);
    if (role == "zones") {
      scenario_.zones = range.value_or(scenario_.zones);
    } else if (registry_.find_role(role) == nullptr) {
      std::vector<std::string> known = role_names(registry_);
      known.emplace_back("zones");
      unknown(node, "role", role, known);
    } else if (range.has_value()) {
      scenario_.cluster[role] = *range;
    }
  }
}

void Loader::read_knobs(const toml::table& table) {
  for (const auto& [key, node] : table) {
    const std::string role_name(key.str());
    const run::RoleType* const role = registry_.find_role(role_name);
    if (role == nullptr) {
      unknown(node, "role", role_name, role_names(registry_));
      continue;
    }
    const toml::table* const values = table_of(node, "knobs." + role_name);
    if (values == nullptr) continue;
    for (const auto& [field, value] : *values) {
      const std::string path = fmt::format("{}.{}", role_name, field.str());
      const KnobView* const knob = find_knob(role->knobs, field.str());
      if (knob == nullptr) {
        unknown(value, "knob", field.str(), knob_names(role->knobs));
      } else if (const auto range = range_of(value, path, knob)) {
        scenario_.knobs[path] = *range;
      }
    }
  }
}

void Loader::read_faults(const toml::table& table) {
  for (const auto& [key, node] : table) {
    if (key.str() == "profile") {
      const auto profile = text_of(node, "faults.profile");
      if (!profile.has_value()) continue;
      remember("faults.profile", node);
      scenario_.faults.profile = *profile;
    } else if (key.str() == "may_exceed_budget") {
      const auto truth = node.value_exact<bool>();
      if (!truth.has_value()) complain(node, "faults.may_exceed_budget is true or false");
      scenario_.faults.may_exceed_budget = truth.value_or(false);
    } else if (const toml::table* const kinds = node.as_table()) {
      read_fault_kinds(*kinds, std::string(key.str()));
    } else {
      unknown(node, "key", fmt::format("faults.{}", key.str()),
              {"faults.profile", "faults.may_exceed_budget"});
    }
  }
}

void Loader::read_fault_kinds(const toml::table& table, const std::string& prefix) {
  for (const auto& [key, node] : table) {
    const std::string kind = fmt::format("{}.{}", prefix, key.str());
    const auto level = text_of(node, "faults." + kind);
    if (!level.has_value()) continue;
    remember("faults." + kind, node);
    scenario_.faults.kinds[kind] = *level;
  }
}

void Loader::read_floors(const toml::table& table) {
  for (const auto& [key, node] : table) {
    if (key.str() == "acked_operations") {
      const auto count = node.value_exact<std::int64_t>();
      if (!count.has_value() || *count < 0) {
        complain(node, "floors.acked_operations is a number that is not negative");
        continue;
      }
      scenario_.floors.acked_operations = static_cast<std::uint64_t>(*count);
    } else if (const toml::table* const marks = node.as_table();
               marks != nullptr && key.str() == "must_reach") {
      for (const auto& [mark, share] : *marks) {
        const auto text = text_of(share, "a share of runs");
        if (!text.has_value()) continue;
        const auto ratio = parse_share(*text);
        remember(fmt::format("floors.must_reach.{}", mark.str()), share);
        if (!ratio.has_value()) {
          complain(share, fmt::format("'{}' is no share of runs such as \"1/20\"", *text));
          continue;
        }
        scenario_.floors.must_reach[std::string(mark.str())] = *ratio;
      }
    } else {
      unknown(node, "key", fmt::format("floors.{}", key.str()),
              {"floors.acked_operations", "floors.must_reach"});
    }
  }
}

void Loader::read_workloads(const toml::table& table) {
  scenario_.workloads.clear();
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    remember("workloads." + name, node);
    if (const toml::table* const one = table_of(node, "workloads." + name)) {
      read_workload(name, *one);
    }
  }
}

void Loader::read_workload(const std::string& name, const toml::table& table) {
  ScenarioWorkload workload{.name = name, .kind = name};
  if (const toml::node* const kind = table.get("kind")) {
    workload.kind = text_of(*kind, "kind").value_or(name);
  }
  const run::WorkloadType* const type = registry_.find_workload(workload.kind);
  if (type == nullptr) {
    return unknown(table, "workload", workload.kind, workload_names(registry_));
  }
  for (const auto& [key, node] : table) {
    const std::string path = fmt::format("workloads.{}.{}", name, key.str());
    if (key.str() == "kind") continue;
    if (key.str() == "clients") {
      workload.clients = range_of(node, path, nullptr).value_or(workload.clients);
      continue;
    }
    const KnobView* const knob = find_knob(type->knobs, key.str());
    if (knob == nullptr) {
      std::vector<std::string> known = knob_names(type->knobs);
      known.insert(known.end(), {"clients", "kind"});
      unknown(node, "key", key.str(), known);
    } else if (const auto range = range_of(node, path, knob)) {
      workload.knobs[std::string(key.str())] = *range;
    }
  }
  scenario_.workloads.push_back(std::move(workload));
}

void Loader::read_skip(const toml::array& list) {
  for (const toml::node& node : list) {
    const toml::table* const entry = node.as_table();
    const auto id = entry == nullptr ? std::nullopt : (*entry)["id"].value<std::string>();
    const auto reason = entry == nullptr ? std::nullopt : (*entry)["reason"].value<std::string>();
    if (!id.has_value() || !reason.has_value() || entry->size() != 2) {
      complain(node, "an entry of skip is {id = \"...\", reason = \"...\"}");
      continue;
    }
    const run::PropertyType* const property = registry_.find_property(*id);
    if (property == nullptr) {
      unknown(node, "property", *id, property_names(registry_));
      continue;
    }
    scenario_.skips.push_back({.id = std::string(property->claim.id), .reason = *reason});
  }
}

/// Adds what validate() finds, but for lines that have a mistake already: a value that could not be
/// read looks like a missing or wrong one.
void Loader::report_invalid() {
  std::set<std::uint32_t> known;
  for (const FileError& error : errors_) known.insert(error.line);
  for (const run::ScenarioError& error : run::validate(scenario_, registry_)) {
    // The nearest enclosing value of which the file has a line.
    std::string path = error.path;
    while (!path.empty() && !lines_.contains(path)) {
      const std::size_t dot = path.rfind('.');
      path = dot == std::string::npos ? std::string() : path.substr(0, dot);
    }
    const toml::source_position at = path.empty() ? toml::source_position{} : lines_[path];
    if (!known.empty() && (at.line == 0 || known.contains(at.line))) continue;
    errors_.push_back({.file = file_,
                       .line = at.line,
                       .column = at.column,
                       .what = fmt::format("{}: {}", error.path, error.what)});
  }
  std::ranges::stable_sort(errors_, {}, &FileError::line);
}

bool is_path(std::string_view name) {
  return name.find('/') != std::string_view::npos || name.ends_with(".toml");
}

}  // namespace

std::string to_text(const FileError& error) {
  if (error.line == 0) return fmt::format("{}: {}", error.file, error.what);
  return fmt::format("{}:{}:{}: {}", error.file, error.line, error.column, error.what);
}

ScenarioResult load_scenario(const ScenarioSource& source, const Registry& registry) {
  return Loader(source, registry).load(source, true);
}

std::expected<ScenarioSource, FileError> find_scenario(std::string_view name_or_path,
                                                       const Registry& registry) {
  if (!is_path(name_or_path)) {
    std::vector<std::string> names;
    for (const ScenarioSource& source : registry.scenario_sources()) {
      if (source.name == name_or_path) return source;
      names.push_back(source.name);
    }
    return std::unexpected(FileError{.file = std::string(name_or_path),
                                     .line = 0,
                                     .column = 0,
                                     .what = unknown_name("scenario", name_or_path, names)});
  }
  const std::filesystem::path path(name_or_path);
  auto text = read_text(path.string());
  if (!text.has_value()) {
    return std::unexpected(
        FileError{.file = path.string(), .line = 0, .column = 0, .what = std::move(text).error()});
  }
  return ScenarioSource{
      .name = path.stem().string(), .path = path.string(), .text = *std::move(text)};
}

const std::vector<ScenarioKey>& scenario_keys() {
  static const std::vector<ScenarioKey> keys{
      {"story", "one or two sentences: what happens and what must hold", true},
      {"extends", "name of a scenario whose values this file overrides"},
      {"tags", "names by which @TAG selects it; no @ here"},
      {"run_for", "how long faults are on: \"30s\"", true},
      {"settle_for", "how long the healed system has to finish: \"10s\""},
      {"cluster", "role to number of machines; zones: in how many zones they stand"},
      {"knobs", "role.field to value; the others are drawn"},
      {"workloads", "one table a population of clients", true},
      {"faults", "profile, and kinds beyond it"},
      {"floors", "acked_operations, and must_reach: mark to share of runs"},
      {"strategy", "fifo, random, pos, pct or portfolio"},
      {"skip", "properties that are not judged, with the reason"}};
  return keys;
}

}  // namespace millrace::command
