#include "sim/run/registry.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/run/builtin_properties.h"
#include "sim/run/plan.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

/// Whether `path` lies under `pattern`, in which '*' stands for one name; the rest of the path, its
/// last name, goes into `name`.
bool matches(std::string_view pattern, std::string_view path, std::string_view& name) {
  while (!pattern.empty()) {
    const std::string_view part = pattern.substr(0, pattern.find('.'));
    const std::string_view given = path.substr(0, path.find('.'));
    if (given.size() == path.size() || given.empty()) return false;
    if (part != "*" && part != given) return false;
    pattern.remove_prefix(std::min(part.size() + 1, pattern.size()));
    path.remove_prefix(given.size() + 1);
  }
  name = path;
  return path.find('.') == std::string_view::npos;
}

template <typename Named>
const Named* find_named(const std::vector<Named>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &Named::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_text(ClientStart start) {
  switch (start) {
    case ClientStart::kStart:
      return "start";
    case ClientStart::kSettle:
      return "settle";
    case ClientStart::kLast:
      return "last";
  }
  UNREACHABLE("a start outside its list");
}

Registry::Registry() {
  property<Clean>();
  property<ClientsFinish>();
  property<NoWedgedOperation>();
}

void Registry::scenarios(std::string_view folder) {
  std::error_code failure;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(folder), failure)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  if (failure) {
    scenario_errors_.push_back(std::string(folder) + ": " + failure.message());
    return;
  }
  std::ranges::sort(files);
  for (const std::filesystem::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) scenario_errors_.push_back(file.string() + ": cannot be read");
    scenario_sources_.push_back(
        {.name = file.stem().string(), .path = file.string(), .text = text.str()});
  }
}

void Registry::add_scenario(std::string_view name, std::string_view text) {
  constexpr std::string_view kSuffix = ".toml";
  if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
  scenario_sources_.push_back({.name = std::string(name), .path = {}, .text = std::string(text)});
}

const RoleType* Registry::find_role(std::string_view name) const {
  return find_named(roles_, name);
}

const WorkloadType* Registry::find_workload(std::string_view name) const {
  return find_named(workloads_, name);
}

const PropertyType* Registry::find_property(std::string_view id_or_name) const {
  for (const PropertyType& property : properties_) {
    if (property.claim.id == id_or_name || property.claim.name == id_or_name) return &property;
  }
  return nullptr;
}

const KnobView* Registry::find_setting(std::string_view path) const {
  for (const SettingGroup& group : setting_groups_) {
    std::string_view name;
    if (!matches(group.pattern, path, name)) continue;
    if (const KnobView* const knob = find_knob(group.knobs, name)) return knob;
  }
  return nullptr;
}

void Registry::add_role_type(RoleType role) {
  CHECK(find_role(role.name) == nullptr, "a role is registered once");
  CHECK(find_workload(role.name) == nullptr, "a role and a workload have different names");
  if (role.options.machine_prefix.empty()) {
    role.options.machine_prefix = role.name;
    std::ranges::replace(role.options.machine_prefix, '_', '-');
  }
  roles_.push_back(std::move(role));
}

void Registry::add_workload_type(WorkloadType workload) {
  CHECK(find_workload(workload.name) == nullptr, "a workload is registered once");
  CHECK(find_role(workload.name) == nullptr, "a role and a workload have different names");
  workloads_.push_back(std::move(workload));
}

void Registry::add_property(PropertyType property) {
  CHECK(find_property(property.claim.id) == nullptr, "a property's id is its own");
  CHECK(find_property(property.claim.name) == nullptr, "a property's name is its own");
  for (const PropertyType::Subscription& seen : property.sees) {
    for (const PropertyType& other : properties_) {
      for (const PropertyType::Subscription& known : other.sees) {
        const bool is_clash = known.type->key == seen.type->key && known.type != seen.type;
        CHECK(!is_clash, "two types of records with one name; give one a record_name");
      }
    }
  }
  const auto place = std::ranges::lower_bound(
      properties_, property.claim.id, {}, [](const PropertyType& type) { return type.claim.id; });
  properties_.insert(place, std::move(property));
}

void Registry::add_settings(SettingGroup group) {
  CHECK(!group.pattern.empty(), "settings lie under a path");
  setting_groups_.push_back(std::move(group));
}

namespace detail {

void apply_knobs(std::span<const KnobView> knobs, const KnobValues& values, void* config) {
  for (const auto& [name, value] : values) {
    const KnobView* const knob = find_knob(knobs, name);
    CHECK(knob != nullptr, "a plan sets only knobs that there are");
    const Result<void> set = knob->set(config, value);
    CHECK(set.has_value(), "a plan's knobs are legal");
  }
}

void draw_plain_operations(std::int64_t count, PlanClient& client, PlanDraws& draws) {
  const std::int64_t span = draws.run_for().ns / 4 * 3;
  for (std::int64_t i = 0; i < count; ++i) {
    const Duration at{draws.between("not_before", static_cast<std::uint64_t>(i), 0, span)};
    draws.add_operation(client, kPlainOperation, at, {});
  }
}

}  // namespace detail
}  // namespace millrace::run
