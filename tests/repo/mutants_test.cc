// What tests/mutants/run.sh makes of a mutant's campaign. In place of a build and of the command
// stand scripts that take no time: a planted patch changes what they answer.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <string_view>
#include <sys/wait.h>

#include "tests/folders.h"
#include "tests/repo/source_text.h"

namespace millrace::repo {
namespace {

namespace fs = std::filesystem;

// Builds by copying the command's stand-in; every other call is cmake's own.
constexpr std::string_view kCmake = R"(#!/bin/sh
case "$1" in
  --preset) exit 0 ;;
  --build) mkdir -p "$2" && exec cp "$2/../../stand_in" "$2/millrace" ;;
  *) exec "$REAL_CMAKE" "$@" ;;
esac
)";

// Prints campaign.json or run.json of the tree that it was built in; for a campaign that does not
// begin with the first seed later.json, and for a run that is made small shrunk.json.
constexpr std::string_view kStandIn = R"(#!/bin/sh
case "$*" in
  campaign*"--from 1 "*) answer=campaign ;;
  campaign*) answer=later ;;
  *--shrink*) answer=shrunk ;;
  *) answer=run ;;
esac
exec cat "$(dirname "$0")/../../$answer.json"
)";

/// What a mutant's campaign and the run of its failing seed answer.
struct Answers {
  int seeds = 500;
  int armed_seeds = 3;
  std::string signature = {};  ///< Empty: nothing failed.
  std::string objecting = {};  ///< The property that objects when the seed runs to its end.
  std::string later = {};      ///< The signature that the following seeds find.
  /// What the failing seed is once it was made small.
  std::string shrunk = R"({"shrunk": null})";
};

/// What run.sh left.
struct Outcome {
  int status = -1;
  std::string out;
};

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string replace_line(std::string_view file, std::string_view line) {
  return "--- a/" + std::string(file) + "\n+++ b/" + std::string(file) + "\n@@ -1 +1 @@\n-{}\n+" +
         std::string(line) + '\n';
}

/// A small tree with run.sh in it, and a folder of mutants.
class Mutants : public testing::Test {
 protected:
  Mutants() {
    // Each test has a folder of its own: ctest runs them at the same time.
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = fs::path(build_folder()) / "mutants_test" / test;
    fs::remove_all(folder_);
    const fs::path here = folder_ / "tree/tests/mutants";
    fs::create_directories(here);
    for (const char* const file :
         {"run.sh", "read_campaign.cmake", "read_run.cmake", "read_shrunk.cmake"}) {
      fs::copy_file(repository_root() / "tests/mutants" / file, here / file);
    }
    write(folder_ / "tree/campaign.json", "{}\n");
    write(folder_ / "tree/later.json", "{}\n");
    write(folder_ / "tree/run.json", "{}\n");
    write(folder_ / "tree/shrunk.json", "{}\n");
    write(folder_ / "tree/stand_in", kStandIn);
    write(folder_ / "bin/cmake", kCmake);
    for (const char* const script : {"tree/stand_in", "bin/cmake"}) {
      fs::permissions(folder_ / script, fs::perms::owner_all);
    }
    EXPECT_EQ(std::system(("git -C " + (folder_ / "tree").string() + " init --quiet").c_str()), 0);
  }

  void plant(const std::string& name, const Answers& answers) {
    const std::string campaign = campaign_json(name, answers);
    const std::string later =
        campaign_json(name, {.seeds = 9, .armed_seeds = 4, .signature = answers.later});
    const std::string run = R"({"properties": [{"id": "ORD-1", "verdict": "held"}, {"id": ")" +
                            answers.objecting + R"(", "verdict": "failed"}]})";
    write(folder_ / "mutants" / (name + ".patch"),
          replace_line("campaign.json", campaign) + replace_line("later.json", later) +
              replace_line("run.json", run) + replace_line("shrunk.json", answers.shrunk));
  }

  static std::string campaign_json(const std::string& name, const Answers& answers) {
    std::string groups;
    if (!answers.signature.empty()) {
      groups = R"({"signature": ")" + answers.signature + R"(", "cheapest_seed": 7})";
    }
    const std::string mark =
        R"({"mutant.)" + name + R"(": )" + std::to_string(answers.armed_seeds) + "}";
    return R"({"seeds": )" + std::to_string(answers.seeds) + R"(, "runs_with_mark": )" +
           (answers.armed_seeds > 0 ? mark : "{}") + R"(, "groups": [)" + groups +
           R"(], "determinism_differences": []})";
  }

  void write_table(std::string_view rows) { write(folder_ / "mutants/table.tsv", rows); }

  Outcome run(const std::string& options = "") const {
    const std::string command =
        "REAL_CMAKE=$(command -v cmake) PATH=" + (folder_ / "bin").string() + ":$PATH bash " +
        (folder_ / "tree/tests/mutants/run.sh").string() + " --json " + options + " --dir " +
        (folder_ / "mutants").string() + " >" + (folder_ / "out").string() + " 2>" +
        (folder_ / "err").string();
    const int status = std::system(command.c_str());
    std::ifstream in(folder_ / "out");
    return {.status = WEXITSTATUS(status),
            .out = std::string(std::istreambuf_iterator<char>(in), {})};
  }

  fs::path folder_;
};

bool has(const Outcome& outcome, std::string_view text) {
  return outcome.out.find(text) != std::string::npos;
}

TEST_F(Mutants, that_a_property_of_their_row_sees_first_are_caught) {
  plant("lazy", {.signature = "DUP-1/stored_twice", .objecting = "DUP-1"});
  write_table("lazy\tOFF-1 DUP-1\tForgets.\n");

  const Outcome outcome = run();

  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(has(outcome, R"("mutant": "lazy", "armed": 3, "caught_by": "DUP-1")")) << outcome.out;
  EXPECT_TRUE(has(outcome, R"("seeds": 500)")) << outcome.out;
}

TEST_F(Mutants, that_a_property_of_their_row_sees_later_in_the_run_are_caught_by_it) {
  plant("lazy", {.signature = "CRASH-1/lost_records", .objecting = "DUR-1"});
  write_table("lazy\tDUR-1\tForgets.\n");

  const Outcome outcome = run();

  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(has(outcome, R"("caught_by": "DUR-1")")) << outcome.out;
}

TEST_F(Mutants, that_a_property_of_their_row_sees_in_a_later_seed_are_caught_by_it) {
  plant("lazy", {.seeds = 16,
                 .signature = "CRASH-1/log_unusable",
                 .objecting = "REC-1",
                 .later = "DUR-1/lost"});
  write_table("lazy\tDUR-1\tForgets.\n");

  const Outcome outcome = run();

  EXPECT_EQ(outcome.status, 0);
  // 16 seeds to the first failure and 9 to the second; the mark ran in 3 and 4 of them.
  EXPECT_TRUE(has(outcome, R"("armed": 7, "caught_by": "DUR-1", "seeds": 25)")) << outcome.out;
}

// Each failure costs a campaign: there is an end to them.
TEST_F(Mutants, that_only_others_see_in_ten_seeds_are_given_up) {
  plant("lazy", {.seeds = 16,
                 .signature = "CRASH-1/log_unusable",
                 .objecting = "CRASH-1",
                 .later = "CRASH-1/log_unusable"});
  write_table("lazy\tDUR-1\tForgets.\n");

  const Outcome outcome = run();

  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(has(outcome, R"("caught_by": "another", "seeds": 97)")) << outcome.out;
}

TEST_F(Mutants, that_only_others_see_are_caught_by_another_and_that_is_red) {
  plant("lazy", {.signature = "CRASH-1/lost_records", .objecting = "CRASH-1"});
  write_table("lazy\tDUR-1\tForgets.\n");

  const Outcome outcome = run();

  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(has(outcome, R"("caught_by": "another")")) << outcome.out;
}

TEST_F(Mutants, without_a_row_may_be_caught_by_anybody) {
  plant("lazy", {.signature = "CRASH-1/lost_records", .objecting = "CRASH-1"});

  const Outcome outcome = run();

  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(has(outcome, R"("caught_by": "another")")) << outcome.out;
}

// The failure is then some other bug's, and says nothing of the mutant.
TEST_F(Mutants, whose_branch_never_ran_are_not_armed_whatever_failed) {
  plant("lazy", {.armed_seeds = 0, .signature = "DUP-1/stored_twice", .objecting = "DUP-1"});
  write_table("lazy\tDUP-1\tForgets.\n");

  const Outcome outcome = run();

  EXPECT_EQ(outcome.status, 4);
  EXPECT_TRUE(has(outcome, R"("armed": 0, "caught_by": null)")) << outcome.out;
}

TEST_F(Mutants, that_nobody_sees_are_missed) {
  plant("lazy", {});
  write_table("lazy\tDUP-1\tForgets.\n");

  const Outcome outcome = run();

  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(has(outcome, R"("armed": 3, "caught_by": null)")) << outcome.out;
}

TEST_F(Mutants, show_how_small_their_failures_get) {
  plant("lazy", {.signature = "DUP-1/stored_twice",
                 .objecting = "DUP-1",
                 .shrunk = R"({"shrunk": {"operations": 2, "faults": 1, "machines": 3, )"
                           R"("wall_ns": 6540000000}})"});
  plant("shy", {.signature = "DUP-1/stored_twice", .objecting = "DUP-1"});

  const Outcome outcome = run("--shrink");

  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(has(outcome, R"("repro_operations": 2, "repro_faults": 1, "repro_machines": 3, )"
                           R"("shrink_seconds": 6.5})"))
      << outcome.out;
  EXPECT_TRUE(has(outcome, R"("repro_operations": null, "repro_faults": null)")) << outcome.out;
}

TEST_F(Mutants, that_do_not_apply_break_the_verdict_and_not_the_others) {
  plant("a_good_one", {.signature = "DUP-1/stored_twice", .objecting = "DUP-1"});
  write(folder_ / "mutants/broken.patch", "--- a/none\n+++ b/none\n@@ -1 +1 @@\n-x\n+y\n");
  write_table("a_good_one\tDUP-1\tForgets.\n");

  const Outcome outcome = run();

  EXPECT_EQ(outcome.status, 3);
  EXPECT_TRUE(has(outcome, R"("mutant": "a_good_one", "armed": 3, "caught_by": "DUP-1")"))
      << outcome.out;
  EXPECT_TRUE(has(outcome, R"("mutant": "broken", "armed": 0, "caught_by": null)")) << outcome.out;
}

TEST(MutantPatches, apply_to_the_source_as_it_is) {
  std::size_t tried = 0;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(repository_root() / "tests/mutants")) {
    if (entry.path().extension() != ".patch") continue;
    ++tried;
    const std::string command = "cd '" + repository_root().string() + "' && git apply --check '" +
                                entry.path().string() + "' 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << entry.path();  // NOLINT(concurrency-mt-unsafe)
  }
  EXPECT_GE(tried, 8U);
}

}  // namespace
}  // namespace millrace::repo
