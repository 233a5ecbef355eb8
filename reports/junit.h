#pragma once

// JUnit files, as CI systems read them: a suite a scenario, a case a property.
//
// Each suite also has the cases `no_crash` (a CHECK, crash, hang or limit) and `did_enough` (an
// inconclusive run or scenario is an error of the type "inconclusive"). A property that nothing was
// compared for is skipped. Foreign text may hold anything: what XML cannot hold is left out.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/run/campaign.h"
#include "sim/run/repro.h"

namespace millrace::reports {

enum class JunitOutcome : std::uint8_t { kPassed, kSkipped, kFailed, kError };

struct JunitCase {
  std::string name;
  JunitOutcome outcome = JunitOutcome::kPassed;
  /// Of a failure or error: the signature, "inconclusive", "stale", "tool".
  std::string type = {};
  /// One line; of a skipped case the reason.
  std::string message = {};
  /// The failure screen, or what else there is to read.
  std::string text = {};
};

struct JunitSuite {
  std::string name;
  /// Seeds, commit, command, ...
  std::vector<std::pair<std::string, std::string>> properties;
  std::vector<JunitCase> cases;
};

/// The whole file. `wall_ns` is the time that all of it took.
std::string junit_xml(const std::vector<JunitSuite>& suites, std::int64_t wall_ns);

/// What the suites say beyond what was run.
struct JunitContext {
  /// The command that was called, with all its words.
  std::string command;
  run::BuildName build;
  /// Failure screens, by signature.
  std::map<std::string, std::string, std::less<>> screens = {};
};

/// A suite for each scenario, and one named "campaign" for what is judged over all of them.
std::vector<JunitSuite> campaign_suites(const run::CampaignSummary& summary,
                                        const JunitContext& context);

/// One suite.
std::vector<JunitSuite> run_suites(const run::RunRecord& record, const JunitContext& context);

}  // namespace millrace::reports
