#pragma once

// What a world is made of: roles, workloads, properties and scenarios. The one place where a system
// under test meets the harness; the stream store of this repository registers in the same way as a
// stranger's system.
//
//   void my_world(Registry& r) {
//     r.role("store", store_main);         // Result<void> store_main(Env&, const StoreConfig&)
//     r.workload("writer", writer_main);   // void writer_main(Env&, const WriterConfig&, Client&)
//     r.property<AckedIsRead>();
//     r.scenarios("scenarios/");
//   }
//
// Configurations are aggregates with a `knobs` table (system/base/knobs.h), deduced from the main
// function; one without knobs may be an empty struct. Names are unique within their sort (checked).

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/run/client.h"
#include "sim/run/property.h"
#include "system/base/knobs.h"
#include "system/base/result.h"
#include "system/env/env.h"

namespace millrace::run {

struct Plan;
struct PlanClient;
class PlanDraws;

/// Values of knobs by their name, as KnobView has them.
using KnobValues = std::map<std::string, std::int64_t, std::less<>>;

/// How many machines of a group must be whole for it to serve.
enum class CoreSize : std::uint8_t { kAll, kMajority, kOne };

/// What a role tells of itself beside its main function.
struct RoleOptions {
  /// Machines are named by this and a number, "store-1"; empty stands for the role's name with '-'
  /// for '_'.
  std::string machine_prefix = {};
  /// The role's default group, of all its machines: how many disks it can lose for good ...
  std::uint32_t disks_lost_max = 0;
  /// ... the mark by which a machine says that it repaired its disk ...
  std::string repair_mark = {};
  /// ... how many machines it needs to serve ...
  CoreSize core = CoreSize::kAll;
  /// ... and the clock error, in parts per million either way, that it allows for.
  std::uint32_t clock_rate_max_ppm = 1'000;
  /// The mark by which a process says that it has recovered what its disk held; empty where it has
  /// none. A crash sweep looks that far for a second crash.
  std::string recovered_mark = {};
  /// How long after its exit a supervisor starts the process again.
  Duration restart_after = milliseconds(500);
  /// One sentence for `list` and `explain`.
  std::string about = {};
};

/// When the clients of a workload run.
enum class ClientStart : std::uint8_t {
  kStart,   ///< From the start of the run.
  kSettle,  ///< After the heal: fresh clients.
  kLast,    ///< After every other client has finished: the final look at what is there.
};

/// "start", "settle" or "last".
std::string_view to_text(ClientStart start);

/// What a workload tells of itself beside its main function.
struct WorkloadOptions {
  ClientStart start = ClientStart::kStart;
  /// Part of every scenario, with one client, even where the scenario does not name it.
  bool is_in_every_scenario = false;
  /// How many further clients start after the heal, each with a tenth of the operations.
  std::uint32_t fresh_clients = 0;
  /// The kinds of operations that it can be asked to do. A repro or plan that asks for another kind
  /// is then told so, instead of running without it. Empty for any; what the workload draws is
  /// among them (checked).
  std::vector<std::string> operation_kinds = {};
  std::string about = {};
};

/// A program that the harness can run: a role's or a workload's, made for one configuration.
class Program {
 public:
  virtual ~Program() = default;
  /// Makes the machine's disk ready before the first boot. Success where there is nothing to do.
  virtual Result<void> format(Env& env, const Directory& directory) const = 0;
  /// `client` is null for a role.
  virtual Result<void> main(Env& env, const Directory& directory, Client* client) const = 0;
  /// Draws the operations of a workload's client into `client`; see Registry::workload().
  virtual void draw_operations(PlanClient& client, PlanDraws& draws) const = 0;
};

/// Makes a program from the values of its knobs, which are legal (checked); knobs that are left out
/// have their defaults.
using ProgramMaker = std::function<std::unique_ptr<Program>(const KnobValues& knobs)>;

struct RoleType {
  std::string name;
  std::vector<KnobView> knobs;
  RoleOptions options;
  /// Whether a new disk is made ready in a step of its own.
  bool has_format = false;
  ProgramMaker make;
};

struct WorkloadType {
  std::string name;
  std::vector<KnobView> knobs;
  WorkloadOptions options;
  ProgramMaker make;
};

/// Settings that a scenario may have under a path, where '*' stands for one name: "streams.*".
struct SettingGroup {
  std::string pattern;
  std::vector<KnobView> knobs;
};

/// Why a system cannot run a plan.
struct PlanMistake {
  std::string path;  ///< What is missing or wrong, as a scenario names it: "streams".
  std::string what;  ///< What was expected.
};

/// A scenario file, not yet read.
struct ScenarioSource {
  std::string name;  ///< Without ".toml".
  std::string path;  ///< Where it lies, or empty where it is embedded.
  std::string text;
};

namespace detail {

template <typename Config>
std::vector<KnobView> knobs_of() {
  if constexpr (HasKnobs<Config>) {
    return knob_views<Config>();
  } else {
    return {};
  }
}

/// CHECKs that every value has a knob and lies in its range.
void apply_knobs(std::span<const KnobView> knobs, const KnobValues& values, void* config);

/// The default: as many operations of this kind as the knob `operations` says.
void draw_plain_operations(std::int64_t count, PlanClient& client, PlanDraws& draws);

template <typename Config>
Config make_config(const KnobValues& values) {
  Config config{};
  const std::vector<KnobView> knobs = knobs_of<Config>();
  apply_knobs(knobs, values, &config);
  return config;
}

/// Stands for "no format step" and "no operations of its own".
struct None {};

template <typename Config, typename Main, typename Format>
class RoleProgram final : public Program {
 public:
  RoleProgram(const KnobValues& values, Main program, Format formatter)
      : config_(make_config<Config>(values)), main_(program), format_(formatter) {}

  Result<void> format(Env& env, const Directory& directory) const override {
    if constexpr (!std::is_same_v<Format, None>) {
      return call(format_, env, directory);
    } else {
      return {};
    }
  }
  Result<void> main(Env& env, const Directory& directory, Client* /*client*/) const override {
    return call(main_, env, directory);
  }
  void draw_operations(PlanClient& /*client*/, PlanDraws& /*draws*/) const override {}

 private:
  template <typename Function>
  Result<void> call(Function function, Env& env, const Directory& directory) const {
    if constexpr (std::is_invocable_v<Function, Env&, const Config&, const Directory&>) {
      return function(env, config_, directory);
    } else {
      return function(env, config_);
    }
  }

  Config config_;
  Main main_;
  Format format_;
};

template <typename Config, typename Main, typename Draw>
class WorkloadProgram final : public Program {
 public:
  WorkloadProgram(const KnobValues& values, Main program, Draw drawer)
      : config_(make_config<Config>(values)), main_(program), draw_(drawer) {}

  Result<void> format(Env& /*env*/, const Directory& /*directory*/) const override { return {}; }
  Result<void> main(Env& env, const Directory& /*directory*/, Client* client) const override {
    CHECK(client != nullptr, "a workload runs for a client");
    if constexpr (std::is_void_v<std::invoke_result_t<Main, Env&, const Config&, Client&>>) {
      main_(env, config_, *client);
      return {};
    } else {
      return main_(env, config_, *client);
    }
  }
  void draw_operations(PlanClient& client, PlanDraws& draws) const override {
    if constexpr (!std::is_same_v<Draw, None>) {
      draw_(config_, client, draws);
    } else if constexpr (requires(const Config& c) { std::int64_t{c.operations}; }) {
      draw_plain_operations(std::int64_t{config_.operations}, client, draws);
    }
  }

 private:
  Config config_;
  Main main_;
  Draw draw_;
};

/// Finds Config in a main function's type.
template <typename R, typename Config, typename... Rest>
Config config_type(R (*)(Env&, const Config&, Rest...));

template <typename Main>
using ConfigOf = decltype(config_type(std::declval<Main>()));

}  // namespace detail

/// The kind of operations of a workload that draws none of its own.
inline constexpr const char* kPlainOperation = "operation";

/// Everything that a world registered. Filled once, before any run; read-only afterwards.
class Registry {
 public:
  /// Registers a role. `main` is
  ///   Result<void> main(Env&, const Config&)   or   Result<void> main(Env&, const Config&, const
  ///   Directory&).
  /// Returning ends the process; a supervisor starts it again (RoleOptions::restart_after).
  template <typename Main>
  void role(const std::string& name, Main* main, const RoleOptions& options = {}) {
    add_role<detail::ConfigOf<Main*>>(name, main, detail::None{}, options);
  }

  /// As above, with a step that makes a new disk ready before the first boot; same signatures.
  template <typename Main, typename Format>
    requires std::is_function_v<Format>
  void role(const std::string& name, Main* main, Format* format, const RoleOptions& options = {}) {
    add_role<detail::ConfigOf<Main*>>(name, main, format, options);
  }

  /// Registers a workload. `main` is `void` or `Result<void>` of (Env&, const Config&, Client&).
  /// Each client gets as many operations as the member `operations` of its configuration says, if
  /// there is one, spread over the first three quarters of run_for.
  template <typename Main>
  void workload(const std::string& name, Main* main, const WorkloadOptions& options = {}) {
    add_workload<detail::ConfigOf<Main*>>(name, main, detail::None{}, options);
  }

  /// As above; `draw` is `void(const Config&, PlanClient&, PlanDraws&)` and adds the operations
  /// that it draws to the client (plan.h).
  template <typename Main, typename Draw>
    requires std::is_function_v<Draw>
  void workload(const std::string& name, Main* main, Draw* draw,
                const WorkloadOptions& options = {}) {
    add_workload<detail::ConfigOf<Main*>>(name, main, draw, options);
  }

  /// Registers a property (property.h).
  template <typename Property>
  void property() {
    add_property(property_type<Property>());
  }

  /// Registers settings that scenarios may have: `settings<StreamSettings>("streams.*")` admits
  /// "streams.orders.segments" where StreamSettings has a knob `segments`.
  template <HasKnobs Settings>
  void settings(const std::string& pattern) {
    add_settings({.pattern = pattern, .knobs = knob_views<Settings>()});
  }

  /// Registers every *.toml of a folder. A folder that cannot be read is an error that every use of
  /// a scenario reports (scenario_errors()).
  void scenarios(std::string_view folder);

  /// Registers embedded files: a range of {name, text}.
  template <typename Files>
    requires(!std::is_convertible_v<const Files&, std::string_view>)
  void scenarios(const Files& files) {
    for (const auto& file : files) add_scenario(file.name, file.text);
  }

  /// Completes a drawn plan with what only the system knows: adds settings, such as the placement
  /// of data, and lets operations, which have their ids by then, follow each other.
  void plan_hook(void (*hook)(Plan& plan, PlanDraws& draws)) { plan_hook_ = hook; }

  /// Says what keeps the system from running a plan, drawn or edited, that is otherwise right:
  /// data without a place, nobody who serves. Nothing where it can run.
  void plan_check(std::optional<PlanMistake> (*check)(const Plan& plan)) { plan_check_ = check; }

  /// Names frames for traces, reports and anchors: "txn.commit". Pure.
  void frame_namer(std::string (*namer)(ByteView frame)) { frame_namer_ = namer; }

  /// The marks that the program can report, as the build lists them: what `must_reach`, `list` and
  /// `explain` know.
  template <typename Names>
  void marks(const Names& names) {
    for (const auto& name : names) marks_.emplace_back(name);
  }

  /// `Unexpected` facts whose `where` is this are no violation of LOG-1.
  void allow_unexpected(std::string where) { allowed_unexpected_.push_back(std::move(where)); }

  const std::vector<RoleType>& roles() const { return roles_; }
  const std::vector<WorkloadType>& workloads() const { return workloads_; }
  /// The registered ones and the harness's own, sorted by id.
  const std::vector<PropertyType>& properties() const { return properties_; }
  const std::vector<SettingGroup>& setting_groups() const { return setting_groups_; }
  const std::vector<ScenarioSource>& scenario_sources() const { return scenario_sources_; }
  const std::vector<std::string>& scenario_errors() const { return scenario_errors_; }
  const std::vector<std::string>& marks() const { return marks_; }
  const std::vector<std::string>& allowed_unexpected() const { return allowed_unexpected_; }
  void (*plan_hook() const)(Plan&, PlanDraws&) { return plan_hook_; }
  std::optional<PlanMistake> mistake_of(const Plan& plan) const {
    return plan_check_ == nullptr ? std::nullopt : plan_check_(plan);
  }
  std::string (*frame_namer() const)(ByteView) { return frame_namer_; }

  /// Null where there is none.
  const RoleType* find_role(std::string_view name) const;
  const WorkloadType* find_workload(std::string_view name) const;
  /// By id or by name.
  const PropertyType* find_property(std::string_view id_or_name) const;
  /// The group of a setting's path and its knob; null where the path is unknown.
  const KnobView* find_setting(std::string_view path) const;

  Registry();

 private:
  template <typename Config, typename Main, typename Format>
  void add_role(const std::string& name, Main* main, Format format, const RoleOptions& options) {
    add_role_type({.name = name,
                   .knobs = detail::knobs_of<Config>(),
                   .options = options,
                   .has_format = !std::is_same_v<Format, detail::None>,
                   .make = [main, format](const KnobValues& values) -> std::unique_ptr<Program> {
                     return std::make_unique<detail::RoleProgram<Config, Main*, Format>>(
                         values, main, format);
                   }});
  }

  template <typename Config, typename Main, typename Draw>
  void add_workload(const std::string& name, Main* main, Draw draw, WorkloadOptions options) {
    if constexpr (std::is_same_v<Draw, detail::None>) options.operation_kinds = {kPlainOperation};
    add_workload_type({.name = name,
                       .knobs = detail::knobs_of<Config>(),
                       .options = std::move(options),
                       .make = [main, draw](const KnobValues& values) -> std::unique_ptr<Program> {
                         return std::make_unique<detail::WorkloadProgram<Config, Main*, Draw>>(
                             values, main, draw);
                       }});
  }

  void add_role_type(RoleType role);
  void add_workload_type(WorkloadType workload);
  void add_property(PropertyType property);
  void add_settings(SettingGroup group);
  void add_scenario(std::string_view name, std::string_view text);

  std::vector<RoleType> roles_;
  std::vector<WorkloadType> workloads_;
  std::vector<PropertyType> properties_;
  std::vector<SettingGroup> setting_groups_;
  std::vector<ScenarioSource> scenario_sources_;
  std::vector<std::string> scenario_errors_;
  std::vector<std::string> marks_;
  std::vector<std::string> allowed_unexpected_;
  void (*plan_hook_)(Plan& plan, PlanDraws& draws) = nullptr;
  std::optional<PlanMistake> (*plan_check_)(const Plan& plan) = nullptr;
  std::string (*frame_namer_)(ByteView frame) = nullptr;
};

}  // namespace millrace::run

namespace millrace {
using run::Registry;
}  // namespace millrace
