#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using nlohmann::json;

/// Each test starts in a project, with a failure of `lossy` in millrace-out/latest.
class KeepVerb : public CommandTest {
 protected:
  KeepVerb() {
    write("millrace.toml", "");
    const Call seen = call({"run", "lossy", "--seed", std::to_string(failing_seed()), "--json"});
    lost_ = json::parse(seen.out)["repro"];
    name_ = std::filesystem::path(lost_).filename();
    kept_ = "tests/repros/lossy/" + name_;
  }

  std::string lost_;
  std::string name_;
  std::string kept_;
};

TEST_F(KeepVerb, copies_a_repro_to_the_projects_own) {
  const Call seen = call({"keep", lost_});

  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(seen.out, "kept      " + kept_ + "\n          as a test: ctest -R repro.lossy." +
                          name_.substr(0, name_.size() - 11) + "\n");
  EXPECT_EQ(read(kept_), read(lost_));
  EXPECT_EQ(call({"replay", "tests/repros"}).status, 1);
}

TEST_F(KeepVerb, finds_the_latest_failure) {
  EXPECT_EQ(call({"keep", "latest"}).status, 0);
  EXPECT_EQ(read(kept_), read(lost_));
}

TEST_F(KeepVerb, without_a_latest_failure_says_so) {
  std::filesystem::remove_all("millrace-out");

  const Call seen = call({"keep", "latest"});

  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.err.find("millrace-out/latest/failures: no failure was saved"), std::string::npos)
      << seen.err;
}

TEST_F(KeepVerb, keeps_what_a_token_holds) {
  const std::string found = read(lost_);

  EXPECT_EQ(call({"keep", token_of(found)}).status, 0);

  EXPECT_EQ(json::parse(read(kept_))["plan"], json::parse(found)["plan"]);
}

TEST_F(KeepVerb, never_overwrites_another_repro_silently) {
  json other = json::parse(read(lost_));
  other["trail"] = "";
  write(kept_, other.dump(1) + "\n");
  const std::string before = read(kept_);

  const Call refused = call({"keep", lost_});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("another repro of this failure is kept as " + kept_),
            std::string::npos)
      << refused.err;
  EXPECT_EQ(read(kept_), before);

  const Call replaced = call({"keep", lost_, "--replace"});
  EXPECT_EQ(replaced.status, 0);
  EXPECT_TRUE(replaced.out.starts_with("replaced  " + kept_)) << replaced.out;
  EXPECT_EQ(read(kept_), read(lost_));

  const Call same = call({"keep", lost_, "--json"});
  EXPECT_EQ(json::parse(same.out)["kept"][0]["state"], "same");
  EXPECT_EQ(json::parse(same.out)["kept"][0]["file"], kept_);
}

TEST_F(KeepVerb, keeps_all_or_nothing) {
  const Call seen = call({"keep", lost_, "none.repro.json"});

  EXPECT_EQ(seen.status, 2);
  EXPECT_FALSE(exists(kept_));
}

TEST_F(KeepVerb, finds_the_project_from_a_folder_below) {
  std::filesystem::create_directories("source/deep");
  const std::string repro = std::filesystem::absolute(lost_);
  std::filesystem::current_path("source/deep");

  EXPECT_EQ(call({"keep", repro}).status, 0);

  EXPECT_TRUE(exists("../../" + kept_));
}

TEST_F(KeepVerb, takes_the_folder_that_the_settings_or_a_flag_name) {
  write("millrace.toml", "repros = \"kept\"\n");
  EXPECT_EQ(call({"keep", lost_}).status, 0);
  EXPECT_TRUE(exists("kept/lossy/" + name_));

  EXPECT_EQ(call({"keep", lost_, "--out", "here"}).status, 0);
  EXPECT_TRUE(exists("here/lossy/" + name_));
}

TEST_F(KeepVerb, takes_a_repository_for_a_project) {
  std::filesystem::remove("millrace.toml");
  std::filesystem::create_directory(".git");

  EXPECT_EQ(call({"keep", lost_}).status, 0);

  EXPECT_TRUE(exists(kept_));
}

TEST_F(KeepVerb, outside_of_any_project_says_what_it_looked_for) {
  std::filesystem::remove("millrace.toml");

  const Call seen = call({"keep", lost_});

  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.err.find("neither a millrace.toml nor a repository"), std::string::npos)
      << seen.err;
}

TEST_F(KeepVerb, writes_nowhere_but_below_its_folder) {
  for (const char* const name : {"../../escaped", "/tmp/escaped", ".hidden", "a b", ""}) {
    json hostile = json::parse(read(lost_));
    hostile["plan"]["scenario"] = name;
    write("hostile.repro.json", hostile.dump());

    const Call seen = call({"keep", "hostile.repro.json"});

    EXPECT_EQ(seen.status, 2) << name;
    EXPECT_FALSE(exists("tests")) << name;
  }
}

TEST_F(KeepVerb, refuses_a_folder_where_nothing_can_be_made) {
  const Call seen = call({"keep", lost_, "--out", "/proc/x"});

  EXPECT_EQ(seen.status, 2);
  EXPECT_TRUE(seen.err.starts_with("millrace: /proc/x: cannot be written: ")) << seen.err;
  EXPECT_EQ(std::ranges::count(seen.err, '\n'), 1) << seen.err;
}

TEST_F(KeepVerb, refuses_what_cannot_be_replayed_here) {
  json unknown = json::parse(read(lost_));
  unknown["plan"]["clients"][0]["workload"] = "scribe";
  write("unknown.repro.json", unknown.dump());
  write("empty/readme.txt", "");

  EXPECT_EQ(call({"keep"}).status, 2);
  EXPECT_EQ(call({"keep", "empty"}).status, 2);
  const Call seen = call({"keep", "unknown.repro.json"});
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.err.find("unknown workload 'scribe'"), std::string::npos) << seen.err;
}

}  // namespace
}  // namespace millrace::command
