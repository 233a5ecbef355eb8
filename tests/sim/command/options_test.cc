#include "sim/command/options.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using CommandLine = CommandTest;

EarlyEnd end_of(std::vector<std::string> arguments) {
  const auto options = parse_command_line("millrace", arguments);
  EXPECT_FALSE(options.has_value());
  return options.has_value() ? EarlyEnd{} : options.error();
}

TEST_F(CommandLine, names_the_nearest_verb) {
  const Call seen = call({"campain"});

  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.out, "");
  EXPECT_NE(seen.err.find("unknown verb 'campain'; the nearest is 'campaign'"), std::string::npos)
      << seen.err;
}

TEST_F(CommandLine, names_the_nearest_option) {
  const Call seen = call({"run", "quiet", "--sed", "3"});

  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.err.find("the nearest is '--seed'"), std::string::npos) << seen.err;
}

TEST_F(CommandLine, refuses_the_option_of_another_verb) {
  EXPECT_EQ(call({"run", "quiet", "--shard", "1/2"}).status, 2);
  EXPECT_EQ(call({"list", "--seed", "3"}).status, 2);
}

TEST_F(CommandLine, maps_every_status_of_the_parser_to_2) {
  EXPECT_EQ(call({"run", "quiet", "--seed"}).status, 2);                      // Without its value.
  EXPECT_EQ(call({"run", "quiet", "--seed", "1", "--seed", "2"}).status, 2);  // Twice.
  EXPECT_EQ(call({"run", "quiet", "--json=perhaps"}).status, 2);              // No truth value.
  EXPECT_EQ(call({"run", "quiet", "--color", "blue"}).status, 2);
  EXPECT_EQ(call({}).status, 2);
  EXPECT_EQ(call({"--frobnicate"}).status, 2);
}

TEST_F(CommandLine, gives_help_and_version_with_status_0) {
  const Call help = call({"--help"});
  const Call verb_help = call({"campaign", "--help"});
  const Call version = call({"--version"});

  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.err, "");
  for (const VerbName& verb : verb_names()) {
    EXPECT_NE(help.out.find(verb.name), std::string::npos) << verb.name;
  }
  EXPECT_EQ(verb_help.status, 0);
  EXPECT_NE(verb_help.out.find("--shard"), std::string::npos);
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(version.out.substr(0, 9), "millrace ");
}

TEST_F(CommandLine, takes_the_options_of_everywhere_before_and_after_the_verb) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--json", "--out", "d", "run", "quiet"},
        std::vector<std::string>{"run", "quiet", "--json", "--out", "d"}}) {
    const auto options = parse_command_line("millrace", words);
    ASSERT_TRUE(options.has_value());
    EXPECT_EQ(options->verb, "run");
    EXPECT_TRUE(options->is_json);
    EXPECT_EQ(options->out, "d");
    EXPECT_EQ(options->names, std::vector<std::string>{"quiet"});
  }
}

TEST_F(CommandLine, keeps_a_negative_number_as_a_value) {
  const auto options =
      parse_command_line("millrace", std::vector<std::string>{"run", "a", "--seed", "-1"});

  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->seed, "-1");
}

TEST_F(CommandLine, takes_several_overrides_one_a_flag) {
  const auto options = parse_command_line(
      "millrace", std::vector<std::string>{"run", "--set", "a.b=1", "quiet", "--set", "c.d=2"});

  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->overrides.sets, (std::vector<std::string>{"a.b=1", "c.d=2"}));
  EXPECT_EQ(options->names, std::vector<std::string>{"quiet"});
}

TEST_F(CommandLine, accepts_what_later_versions_act_on) {
  EXPECT_TRUE(parse_command_line("millrace", std::vector<std::string>{"run", "a", "--shrink"}));
  EXPECT_TRUE(parse_command_line(
      "millrace",
      std::vector<std::string>{"campaign", "--shard", "1/2", "--from", "7", "--no-shrink"}));
  EXPECT_TRUE(
      parse_command_line("millrace", std::vector<std::string>{"replay", "f", "--min-match", "50"}));
}

TEST_F(CommandLine, says_where_help_is) {
  EXPECT_NE(end_of({"run", "--nothing"}).err.find("millrace run --help"), std::string::npos);
}

TEST(ShellWords, are_quoted_where_a_shell_would_read_more) {
  EXPECT_EQ(shell_word("store.lease=2s"), "store.lease=2s");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("*"), "'*'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(Overrides, are_repeated_in_a_command) {
  EXPECT_EQ(command_text({.sets = {"a.b=1", "c.d=2..3"}, .faults = "mild", .strategy = "pct"}),
            " --set a.b=1 --set c.d=2..3 --faults mild --strategy pct");
  EXPECT_EQ(command_text({}), "");
}

TEST(OptionNames, hold_those_of_the_verb_and_of_everywhere) {
  const std::vector<std::string> names = option_names("campaign");
  for (const char* const name : {"--seeds", "--shard", "--json", "--out"}) {
    EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
  }
  EXPECT_EQ(std::ranges::find(names, "--plan"), names.end());
}

}  // namespace
}  // namespace millrace::command
