#include "reports/junit.h"

#include <gtest/gtest.h>

#include "reports/failure_screen.h"
#include "reports/text.h"
#include "tests/reports/sample_records.h"
#include "tests/reports/xml_check.h"

namespace millrace::reports {
namespace {

using testing::junit_trouble;
using testing::xpath;

/// Gives each scenario the properties that the registry of a campaign would.
run::CampaignSummary with_properties(run::CampaignSummary summary) {
  for (run::ScenarioSummary& scenario : summary.scenarios) {
    scenario.properties = {
        {.id = "APP-2", .name = "conditional_append", .reason = {}},
        {.id = "DUR-1", .name = "acked_is_durable", .evaluated = 900, .reason = {}},
        {.id = "VIS-1",
         .name = "read_your_ack",
         .evaluated = 0,
         .skipped_seeds = 200,
         .reason = "no reader"}};
  }
  return summary;
}

JunitContext some_context() {
  return {.command = "millrace campaign --seeds 1400",
          .build = {.version = "0.3.0",
                    .commit = "4f2a91c",
                    .is_dirty = true,
                    .compiler = "g++-12",
                    .preset = "release",
                    .sanitizer = "none"},
          .screens = {}};
}

std::string red_xml() {
  run::CampaignSummary summary = with_properties(testing::red_campaign());
  summary.groups[0].scenarios = {{"crash_storm", 3}};
  summary.groups[1].scenarios = {{"slow_everything", 1}};
  JunitContext context = some_context();
  context.screens["DUR-1/lost"] = "FAIL  crash_storm  seed 187\n  seen  k3#1 <lost> & gone\n";
  return junit_xml(campaign_suites(summary, context), summary.wall_ns);
}

/// The value of an attribute or text in a case of a suite.
std::string of_case(const std::string& xml, const std::string& suite, const std::string& name,
                    const std::string& what) {
  return xpath(xml, "string(//testsuite[@name=\"" + suite + "\"]/testcase[@name=\"" + name +
                        "\"]/" + what + ")");
}

TEST(Junit, of_a_campaign_fits_the_common_schema) {
  const std::string xml = red_xml();

  EXPECT_EQ(junit_trouble(xml), "") << xml;
  EXPECT_EQ(junit_trouble(junit_xml(
                campaign_suites(with_properties(testing::green_campaign()), some_context()), 1)),
            "");
}

TEST(Junit, is_held_against_a_schema_that_can_object) {
  EXPECT_NE(junit_trouble("<testsuites/>"), "");
  EXPECT_NE(junit_trouble("<testsuites"), "");
}

TEST(Junit, has_a_suite_a_scenario_and_a_case_a_property) {
  const std::string xml = red_xml();

  // One for what is judged over all scenarios.
  EXPECT_EQ(xpath(xml, "count(//testsuite)"),
            std::to_string(testing::red_campaign().scenarios.size() + 1));
  for (const char* const name : {"APP-2 conditional_append", "DUR-1 acked_is_durable",
                                 "VIS-1 read_your_ack", "no_crash", "did_enough"}) {
    EXPECT_EQ(of_case(xml, "crash_storm", name, "@classname"), "crash_storm") << name;
  }
  EXPECT_EQ(xpath(xml, "count(//testsuite[@name=\"crash_storm\"]/testcase)"), "5");
}

TEST(Junit, shows_a_failure_with_its_screen_where_it_happened) {
  const std::string xml = red_xml();
  const std::string durable = "DUR-1 acked_is_durable";

  EXPECT_EQ(of_case(xml, "crash_storm", durable, "failure/@type"), "DUR-1/lost");
  EXPECT_EQ(of_case(xml, "crash_storm", durable, "failure/@message"), "DUR-1/lost in 3 seeds");
  EXPECT_EQ(of_case(xml, "crash_storm", durable, "failure"),
            "FAIL  crash_storm  seed 187\n  seen  k3#1 <lost> & gone");
  EXPECT_EQ(of_case(xml, "quickstart", durable, "failure/@type"), "");
  EXPECT_EQ(of_case(xml, "slow_everything", "no_crash", "failure/@type"),
            "hang/segment_store/flusher");
  EXPECT_EQ(xpath(xml, "count(//failure)"), "2");
  EXPECT_EQ(xpath(xml, "string(/testsuites/@failures)"), "2");
}

TEST(Junit, calls_what_was_inconclusive_an_error_and_never_skipped) {
  const std::string xml = red_xml();

  EXPECT_EQ(of_case(xml, "slow_everything", "did_enough", "error/@type"), "inconclusive");
  EXPECT_EQ(of_case(xml, "slow_everything", "did_enough", "error/@message"),
            "--seed 131: 812 acknowledged operations, floor 1000");
  EXPECT_EQ(of_case(xml, "campaign", "did_enough", "error/@type"), "inconclusive");
  EXPECT_EQ(xpath(xml, "count(//testsuite[@name=\"crash_storm\"]//error)"), "0");
}

TEST(Junit, calls_what_was_never_evaluated_skipped) {
  const std::string xml = red_xml();

  EXPECT_EQ(of_case(xml, "quickstart", "APP-2 conditional_append", "skipped/@message"),
            "never evaluated");
  EXPECT_EQ(of_case(xml, "quickstart", "VIS-1 read_your_ack", "skipped/@message"), "no reader");
}

TEST(Junit, counts_a_failure_of_the_tool_as_an_error) {
  run::CampaignSummary summary = with_properties(testing::green_campaign());
  summary.tool_errors = {"state leaked between runs"};
  const std::string xml = junit_xml(campaign_suites(summary, some_context()), summary.wall_ns);

  EXPECT_EQ(of_case(xml, "campaign", "no_tool_error", "error/@type"), "tool");
  EXPECT_EQ(of_case(xml, "campaign", "no_tool_error", "error/@message"),
            "state leaked between runs");
}

TEST(Junit, says_by_which_command_and_commit_and_for_which_seeds) {
  const std::string xml = red_xml();
  const auto property = [&](const std::string& name) {
    return xpath(
        xml, "string(//testsuite[@name=\"crash_storm\"]//property[@name=\"" + name + "\"]/@value)");
  };

  EXPECT_EQ(property("command"), "millrace campaign --seeds 1400");
  EXPECT_EQ(property("commit"), "4f2a91c dirty");
  EXPECT_TRUE(property("seeds").starts_with("200 of ")) << property("seeds");
}

TEST(Junit, of_a_run_has_the_same_cases) {
  const run::RunRecord record = testing::lost_event();
  JunitContext context = some_context();
  context.screens["DUR-1/lost"] = failure_screen(record, {}, {});
  const std::string xml = junit_xml(run_suites(record, context), record.wall_ns);

  EXPECT_EQ(junit_trouble(xml), "") << xml;
  EXPECT_EQ(xpath(xml, "string(//testsuite/@name)"), "crash_storm");
  EXPECT_EQ(xpath(xml, "count(//testcase[@name=\"no_crash\"]/*)"), "0");
  EXPECT_EQ(xpath(xml, "count(//testcase[@name=\"did_enough\"]/*)"), "0");

  const std::string crashed = junit_xml(run_suites(testing::crash(), some_context()), 0);
  EXPECT_EQ(junit_trouble(crashed), "") << crashed;
  EXPECT_EQ(of_case(crashed, "everything", "no_crash", "failure/@type"),
            std::string(testing::crash().signature()));
}

TEST(Junit, survives_whatever_the_system_under_test_says) {
  // Markup, an end of CDATA, every control character, bytes that are no UTF-8, code points that XML
  // does not have, and an emoji that it does.
  std::string hostile = "]]></failure><!-- & \"'<![CDATA[ %n &#0; &x; \xF0\x9F\x98\x80";
  for (char control = 0; control < 0x20; ++control) hostile += control;
  hostile += "\xFF\xC0\x80\xED\xA0\x80\xEF\xBF\xBE\xEF\xBF\xBF\xF5\x80\x80\x80\xE2\x82";
  run::CampaignSummary summary = with_properties(testing::red_campaign());
  summary.groups[0].signature += hostile;
  summary.groups[0].scenarios = {{"crash_storm", 3}};
  summary.groups[1].scenarios = {{"slow_everything", 1}};
  summary.tool_errors = {hostile};
  summary.scenarios[0].reasons = {hostile};
  summary.scenarios[1].properties[2].reason = hostile;
  JunitContext context = some_context();
  context.command += hostile;
  context.screens[summary.groups[0].signature] = hostile;

  const std::string xml = junit_xml(campaign_suites(summary, context), summary.wall_ns);

  EXPECT_EQ(junit_trouble(xml), "") << xml;
  const std::string shown = of_case(xml, "crash_storm", "DUR-1 acked_is_durable", "failure");
  EXPECT_TRUE(shown.starts_with("]]></failure><!-- & \"'<![CDATA[ %n &#0; &x; \xF0\x9F\x98\x80"))
      << shown;
  EXPECT_EQ(xpath(xml, "count(//failure)"), "2");
}

TEST(Junit, keeps_line_feeds_of_messages_and_all_text_that_xml_has) {
  EXPECT_EQ(xml_text("a\tb\nc\r\xC3\xA9\xEF\xBF\xBD"), "a\tb\nc\r\xC3\xA9\xEF\xBF\xBD");
  EXPECT_EQ(xml_text(std::string_view("a\0b\x01\x1F\x7F", 6)), "ab\x7F");
  EXPECT_EQ(xml_text("\xFF\xC0\x80x\xED\xA0\x80\xEF\xBF\xBE\xEF\xBF\xBF"), "x");
}

}  // namespace
}  // namespace millrace::reports
