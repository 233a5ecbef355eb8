#include "sim/command/settings.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

class SettingsFile : public CommandTest {
 protected:
  static std::expected<Settings, std::vector<FileError>> load(
      const SettingsEnvironment& environment = {}) {
    return load_settings(std::filesystem::current_path().string(), environment);
  }
};

TEST_F(SettingsFile, is_optional) {
  const auto settings = load();

  ASSERT_TRUE(settings.has_value());
  EXPECT_FALSE(settings->out.has_value());
  EXPECT_FALSE(settings->jobs.has_value());
}

TEST_F(SettingsFile, is_found_upwards_and_its_paths_are_beside_it) {
  write("millrace.toml", "out = \"results\"\njobs = 3\nseeds = \"1..50\"\n");
  std::filesystem::create_directories("a/b");
  const std::string top = std::filesystem::current_path();

  const auto settings = load_settings(top + "/a/b", {});

  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->out, top + "/results");
  EXPECT_EQ(settings->jobs, "3");
  EXPECT_EQ(settings->seeds, "1..50");
}

TEST_F(SettingsFile, is_outweighed_by_its_profile_and_that_by_the_environment) {
  write("millrace.toml", "jobs = 1\nseeds = 10\n[profile.ci]\njobs = 2\nseeds = 500\n");

  const auto plain = load();
  const auto profile = load({.profile = "ci"});
  const auto both = load({.jobs = "7", .profile = "ci"});

  EXPECT_EQ(plain->jobs, "1");
  EXPECT_EQ(plain->seeds, "10");
  EXPECT_EQ(profile->jobs, "2");
  EXPECT_EQ(profile->seeds, "500");
  EXPECT_EQ(both->jobs, "7");
}

TEST_F(SettingsFile, reports_every_mistake_with_its_line) {
  write("millrace.toml", "job = 1\nout = 3\n[profile.ci]\nseed = 1\n");

  const auto settings = load();

  ASSERT_FALSE(settings.has_value());
  ASSERT_EQ(settings.error().size(), 3U);
  EXPECT_NE(to_text(settings.error()[0]).find(":1:"), std::string::npos);
  EXPECT_NE(settings.error()[0].what.find("the nearest is 'jobs'"), std::string::npos);
}

TEST_F(SettingsFile, must_have_the_profile_that_is_asked_for) {
  write("millrace.toml", "[profile.night]\njobs = 2\n");

  const auto settings = load({.profile = "nigth"});

  ASSERT_FALSE(settings.has_value());
  EXPECT_NE(settings.error()[0].what.find("'night'"), std::string::npos);
  EXPECT_FALSE(load_settings("/", {.profile = "ci"}).has_value());
}

TEST_F(SettingsFile, with_a_mistake_stops_every_verb) {
  write("millrace.toml", "job = 1\n");

  EXPECT_EQ(call({"list"}).status, 2);
}

TEST_F(SettingsFile, adds_scenarios) {
  write("millrace.toml", "scenarios = \"mine\"\n");
  write("mine/extra.toml", "extends = \"quiet\"\n");

  const Call seen = call({"list", "scenarios", "-q"});

  EXPECT_EQ(seen.status, 0);
  EXPECT_NE(seen.out.find("extra\n"), std::string::npos) << seen.out;
}

TEST_F(SettingsFile, may_not_shadow_a_scenario) {
  write("millrace.toml", "scenarios = \"mine\"\n");
  write("mine/quiet.toml", "extends = \"wide\"\n");

  EXPECT_EQ(call({"list"}).status, 2);
}

}  // namespace
}  // namespace millrace::command
