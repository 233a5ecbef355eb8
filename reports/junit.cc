#include "reports/junit.h"

#include <algorithm>
#include <fmt/format.h>
#include <pugixml.hpp>

#include "reports/determinism_text.h"
#include "reports/text.h"
#include "sim/run/signature.h"

namespace millrace::reports {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr const char* kInconclusiveType = "inconclusive";
constexpr const char* kToolType = "tool";

// --- XML ---

/// Collects what pugixml writes; its own string writer would need its standard library's streams.
class StringWriter final : public pugi::xml_writer {
 public:
  void write(const void* data, std::size_t size) override {
    text_.append(static_cast<const char*>(data), size);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void set(pugi::xml_node node, const char* name, std::string_view value) {
  node.append_attribute(name).set_value(xml_text(value).c_str());
}

void set(pugi::xml_node node, const char* name, std::uint64_t value) {
  set(node, name, std::to_string(value));
}

std::uint64_t count_of(const JunitSuite& suite, JunitOutcome outcome) {
  return static_cast<std::uint64_t>(std::ranges::count(suite.cases, outcome, &JunitCase::outcome));
}

void set_counts(pugi::xml_node node, const std::vector<JunitSuite>& suites) {
  std::uint64_t tests = 0;
  std::uint64_t failures = 0;
  std::uint64_t errors = 0;
  std::uint64_t skipped = 0;
  for (const JunitSuite& suite : suites) {
    tests += suite.cases.size();
    failures += count_of(suite, JunitOutcome::kFailed);
    errors += count_of(suite, JunitOutcome::kError);
    skipped += count_of(suite, JunitOutcome::kSkipped);
  }
  set(node, "tests", tests);
  set(node, "failures", failures);
  set(node, "errors", errors);
  set(node, "skipped", skipped);
}

void add_case(pugi::xml_node suite, const std::string& class_name, const JunitCase& one) {
  pugi::xml_node node = suite.append_child("testcase");
  set(node, "name", one.name);
  set(node, "classname", class_name);
  const char* child = nullptr;
  switch (one.outcome) {
    case JunitOutcome::kPassed:
      return;
    case JunitOutcome::kSkipped:
      child = "skipped";
      break;
    case JunitOutcome::kFailed:
      child = "failure";
      break;
    case JunitOutcome::kError:
      child = "error";
      break;
  }
  pugi::xml_node result = node.append_child(child);
  set(result, "message", one.message);
  if (one.outcome == JunitOutcome::kSkipped) return;
  set(result, "type", one.type);
  if (one.text.empty()) return;
  result.append_child(pugi::node_pcdata).set_value(xml_text(one.text).c_str());
}

// --- suites ---

std::vector<std::pair<std::string, std::string>> properties_of(const JunitContext& context,
                                                               std::string seeds) {
  return {{"seeds", std::move(seeds)},
          {"commit", run::commit_text(context.build)},
          {"compiler", context.build.compiler},
          {"preset", context.build.preset},
          {"command", context.command}};
}

std::string screen_of(const JunitContext& context, std::string_view signature) {
  const auto found = context.screens.find(signature);
  return found == context.screens.end() ? std::string() : found->second;
}

/// Joins what several failures of one case say.
void add_failure(JunitCase& one, const std::string& signature, const std::string& message,
                 const std::string& text) {
  const bool is_first = one.outcome != JunitOutcome::kFailed;
  one.outcome = JunitOutcome::kFailed;
  one.type = is_first ? signature : one.type;
  one.message += (is_first ? "" : "; ") + message;
  one.text += (is_first || one.text.empty() ? "" : "\n") + text;
}

JunitCase inconclusive_case(const std::vector<std::string>& reasons) {
  JunitCase one{.name = "did_enough"};
  if (reasons.empty()) return one;
  one.outcome = JunitOutcome::kError;
  one.type = kInconclusiveType;
  one.message = reasons.front();
  for (const std::string& reason : reasons) one.text += reason + '\n';
  return one;
}

bool is_of_property(const run::FailureGroup& group, const run::ScenarioSummary& scenario) {
  return std::ranges::find(scenario.properties, group.property, &run::ScenarioProperty::id) !=
         scenario.properties.end();
}

void add_group(JunitCase& one, const run::FailureGroup& group, const std::string& scenario,
               std::string_view noun, const JunitContext& context) {
  const auto here = group.scenarios.find(scenario);
  if (here == group.scenarios.end()) return;
  std::string message = fmt::format("{} in {}", group.signature, counted(here->second, noun));
  if (group.scenario != scenario) {
    message += fmt::format(" (shown for {} seed {})", group.scenario, group.cheapest_seed);
  }
  add_failure(one, group.signature, message, screen_of(context, group.signature));
}

JunitCase property_case(const run::ScenarioProperty& property, const std::string& scenario,
                        const run::CampaignSummary& summary, const JunitContext& context) {
  JunitCase one{.name = property.id + " " + property.name};
  for (const run::FailureGroup& group : summary.groups) {
    if (group.property != property.id) continue;
    add_group(one, group, scenario, summary.noun(), context);
  }
  if (one.outcome == JunitOutcome::kFailed) return one;
  if (property.failed_seeds > 0) {
    add_failure(one, property.id,
                fmt::format("objected in {}", counted(property.failed_seeds, summary.noun())), "");
  } else if (property.evaluated == 0) {
    one.outcome = JunitOutcome::kSkipped;
    one.message = property.reason.empty() ? "never evaluated" : property.reason;
  }
  return one;
}

JunitSuite scenario_suite(const run::ScenarioSummary& scenario, const run::CampaignSummary& summary,
                          const JunitContext& context) {
  JunitSuite suite{
      .name = scenario.name,
      .properties = properties_of(context, fmt::format("{} of {}..{}", scenario.seeds,
                                                       summary.seed_first, summary.seed_last)),
      .cases = {}};
  for (const run::ScenarioProperty& property : scenario.properties) {
    suite.cases.push_back(property_case(property, scenario.name, summary, context));
  }
  JunitCase crash{.name = "no_crash"};
  for (const run::FailureGroup& group : summary.groups) {
    if (is_of_property(group, scenario)) continue;
    add_group(crash, group, scenario.name, summary.noun(), context);
  }
  suite.cases.push_back(std::move(crash));
  std::vector<std::string> reasons = scenario.reasons;
  if (scenario.seeds == 0) reasons.push_back(fmt::format("no {} was run", summary.noun()));
  suite.cases.push_back(inconclusive_case(reasons));
  return suite;
}

/// What belongs to no scenario: determinism, the campaign's floors, and the tool itself.
JunitSuite campaign_suite(const run::CampaignSummary& summary, const JunitContext& context) {
  JunitSuite suite{
      .name = "campaign",
      .properties = properties_of(context, fmt::format("{} of {}..{}", summary.seeds,
                                                       summary.seed_first, summary.seed_last)),
      .cases = {}};
  JunitCase tool{.name = "no_tool_error"};
  std::vector<std::string> errors = summary.tool_errors;
  for (std::string& line : differing_seeds(summary.determinism, summary.noun()))
    errors.push_back(std::move(line));
  if (!errors.empty()) {
    tool.outcome = JunitOutcome::kError;
    tool.type = kToolType;
    tool.message = errors.front();
    for (const std::string& error : errors) tool.text += error + '\n';
  }
  suite.cases.push_back(std::move(tool));
  suite.cases.push_back(inconclusive_case(summary.inconclusive_reasons));
  return suite;
}

JunitCase property_case(const run::PropertyResult& result, const run::RunRecord& record,
                        const JunitContext& context) {
  JunitCase one{.name = result.id + " " + result.name};
  if (result.verdict == run::PropertyVerdict::kFailed) {
    const bool is_first = record.violation.has_value() && record.violation->property == result.id;
    add_failure(one, is_first ? record.violation->signature : result.id,
                is_first ? record.violation->seen : "objected after the first violation",
                is_first ? screen_of(context, record.signature()) : "");
  } else if (result.evaluated == 0) {
    one.outcome = JunitOutcome::kSkipped;
    one.message = result.reason.empty() ? "never evaluated" : result.reason;
  }
  return one;
}

}  // namespace

std::string junit_xml(const std::vector<JunitSuite>& suites, std::int64_t wall_ns) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  pugi::xml_node all = document.append_child("testsuites");
  set_counts(all, suites);
  const std::int64_t ms = wall_ns / kNsPerMs;
  set(all, "time", fmt::format("{}.{:03}", ms / 1'000, ms % 1'000));
  for (const JunitSuite& suite : suites) {
    pugi::xml_node node = all.append_child("testsuite");
    set(node, "name", suite.name);
    set_counts(node, {suite});
    pugi::xml_node properties = node.append_child("properties");
    for (const auto& [name, value] : suite.properties) {
      pugi::xml_node property = properties.append_child("property");
      set(property, "name", name);
      set(property, "value", value);
    }
    for (const JunitCase& one : suite.cases) add_case(node, suite.name, one);
  }
  StringWriter writer;
  document.save(writer, " ", pugi::format_default, pugi::encoding_utf8);
  return writer.take();
}

std::vector<JunitSuite> campaign_suites(const run::CampaignSummary& summary,
                                        const JunitContext& context) {
  std::vector<JunitSuite> suites;
  for (const run::ScenarioSummary& scenario : summary.scenarios) {
    suites.push_back(scenario_suite(scenario, summary, context));
  }
  suites.push_back(campaign_suite(summary, context));
  return suites;
}

std::vector<JunitSuite> run_suites(const run::RunRecord& record, const JunitContext& context) {
  JunitSuite suite{.name = record.scenario,
                   .properties = properties_of(context, std::to_string(record.seed)),
                   .cases = {}};
  for (const run::PropertyResult& result : record.properties) {
    suite.cases.push_back(property_case(result, record, context));
  }
  JunitCase crash{.name = "no_crash"};
  if (record.is_red() && !record.violation.has_value()) {
    add_failure(crash, std::string(record.signature()), std::string(record.signature()),
                screen_of(context, record.signature()));
  }
  suite.cases.push_back(std::move(crash));
  std::vector<std::string> reasons;
  if (record.verdict == run::Verdict::kInconclusive) reasons.push_back(record.reason);
  suite.cases.push_back(inconclusive_case(reasons));
  return {std::move(suite)};
}

}  // namespace millrace::reports
