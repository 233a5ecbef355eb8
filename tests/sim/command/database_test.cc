// What outlives a campaign in its database: going on after a kill, running failures again, shards
// that are merged, and what earlier campaigns saw.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "sim/command/main.h"
#include "sim/run/campaign_db.h"
#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using nlohmann::json;

class DatabaseTest : public CommandTest {
 protected:
  json called(const std::vector<std::string>& arguments, int status) const {
    std::vector<std::string> words = arguments;
    words.emplace_back("--json");
    const Call seen = call(words);
    EXPECT_EQ(seen.status, status) << seen.out << seen.err;
    return json::parse(seen.out);
  }

  /// A summary without what tells of speed and place.
  static json essence(json summary) {
    for (const char* const field :
         {"events_per_second", "virtual_seconds_per_second", "seeds_per_second", "peak_rss_kib",
          "wall_ns", "directory", "resumed_seeds"}) {
      summary.erase(field);
    }
    for (json& group : summary["groups"]) group.erase("repro");
    return summary;
  }

  /// Calls the program in a process of its own, kills it after a while, and waits for its end.
  static void call_and_kill(const std::vector<std::string>& arguments,
                            std::chrono::milliseconds after) {
    const pid_t child = fork();
    if (child == 0) {
      if (freopen("/dev/null", "w", stdout) == nullptr) _exit(99);
      if (freopen("/dev/null", "w", stderr) == nullptr) _exit(99);
      std::vector<std::string> words = arguments;
      words.insert(words.begin(), "millrace");
      std::vector<char*> pointers;
      for (std::string& word : words) pointers.push_back(word.data());
      pointers.push_back(nullptr);
      _exit(millrace::main(static_cast<int>(words.size()), pointers.data(), toy_registry));
    }
    std::this_thread::sleep_for(after);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }

  static bool has_campaign(const std::string& path) {
    const auto stored = run::stored_campaigns(path);
    return stored.has_value() && !stored->empty();
  }

  static void execute(const std::string& path, const std::string& sql) {
    sqlite3* file = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &file), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(file, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_close(file);
  }

  /// A database of the first version, with a failure of `lossy`.
  static void make_version_1(const std::string& path) {
    execute(
        path,
        "CREATE TABLE campaigns(id INTEGER PRIMARY KEY, version TEXT, commit_id TEXT,"
        " dirty INTEGER, compiler TEXT, preset TEXT, sanitizer TEXT);"
        "CREATE TABLE runs(campaign INTEGER REFERENCES campaigns(id), scenario TEXT,"
        " seed INTEGER, strategy TEXT, verdict TEXT, signature TEXT, fingerprint TEXT, plan TEXT,"
        " events INTEGER, virtual_ns INTEGER, wall_ns INTEGER, acked_operations INTEGER,"
        " record TEXT, PRIMARY KEY(campaign, scenario, seed));"
        "INSERT INTO campaigns VALUES(1, '0.1.0', 'abc1234', 0, 'g++-12', 'release', 'none');"
        "INSERT INTO runs VALUES(1, 'lossy', 7, 'fifo', 'fail', 'TOY-1/lost', '0', '0', 9, 9, 9,"
        " 9, '{}');"
        "PRAGMA application_id=1296847427; PRAGMA user_version=1;");
  }
};

TEST_F(DatabaseTest, a_campaign_that_was_killed_ten_times_ends_as_if_it_never_was) {
  std::vector<std::string> words{"campaign", "quiet", "lossy",       "--seeds", "3..202",
                                 "-j",       "2",     "--no-shrink", "--out",   "killed"};
  // A slow machine may need longer until there is anything to go on with.
  for (std::chrono::milliseconds after{300}; !has_campaign("killed/campaign.db"); after *= 2) {
    ASSERT_LT(after, std::chrono::minutes(1));
    call_and_kill(words, after);
  }
  // At moments that do not repeat themselves.
  for (int i = 1; i < 10; ++i) {
    call_and_kill({"campaign", "--resume", "killed"}, std::chrono::milliseconds(60 + 37 * i));
  }

  const json resumed = called({"campaign", "--resume", "killed"}, 1);
  words.back() = "whole";
  const json whole = called(words, 1);

  EXPECT_GT(resumed["resumed_seeds"], 0);
  EXPECT_EQ(resumed["seeds"], 400);
  EXPECT_EQ(essence(resumed), essence(whole));
  EXPECT_EQ(read("killed/failures/TOY-1-" + whole["groups"][0]["group"].get<std::string>() +
                 ".repro.json"),
            read("whole/failures/TOY-1-" + whole["groups"][0]["group"].get<std::string>() +
                 ".repro.json"));
}

TEST_F(DatabaseTest, a_finished_campaign_is_summed_up_again) {
  const json first = called({"campaign", "quiet", "--seeds", "5", "--out", "o"}, 0);
  const json again = called({"campaign", "--resume", "o"}, 0);

  EXPECT_EQ(again["resumed_seeds"], 5);
  EXPECT_EQ(essence(again), essence(first));
}

TEST_F(DatabaseTest, a_campaign_goes_on_in_its_folder_from_wherever_it_is_called) {
  call({"campaign", "quiet", "--seeds", "2", "--out", "o"});
  std::filesystem::remove("o/summary.json");
  std::filesystem::create_directory("elsewhere");
  std::filesystem::current_path("elsewhere");

  const json seen = called({"campaign", "--resume", "../o/campaign.db"}, 0);

  EXPECT_EQ(seen["resumed_seeds"], 2);
  EXPECT_TRUE(exists("../o/summary.json"));
  EXPECT_EQ(files(), std::vector<std::string>{});
}

TEST_F(DatabaseTest, resuming_says_what_does_not_fit) {
  call({"campaign", "quiet", "--seeds", "2", "--out", "o"});

  const Call choosing = call({"campaign", "--resume", "o", "--seeds", "9", "quiet"});
  EXPECT_EQ(choosing.status, 2);
  EXPECT_NE(choosing.err.find("leave out --seeds"), std::string::npos) << choosing.err;
  EXPECT_EQ(call({"campaign", "--resume", "o", "--rerun", "o"}).status, 2);
  EXPECT_EQ(call({"campaign", "--resume", "nowhere"}).status, 2);

  execute("o/campaign.db", "UPDATE campaigns SET commit_id = 'fedcba9'");
  const Call other = call({"campaign", "--resume", "o"});
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.err.find("fedcba9"), std::string::npos) << other.err;
}

TEST_F(DatabaseTest, a_scenario_that_changed_is_not_gone_on_with) {
  write("mine.toml", "extends = \"quiet\"\nrun_for = \"2s\"\n");
  call({"campaign", "./mine.toml", "--seeds", "2", "--out", "o"});
  write("mine.toml", "extends = \"quiet\"\nrun_for = \"3s\"\n");

  const Call seen = call({"campaign", "--resume", "o"});

  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.err.find("mine has changed since"), std::string::npos) << seen.err;
}

TEST_F(DatabaseTest, failures_alone_are_run_again) {
  const json first =
      called({"campaign", "quiet", "lossy", "--seeds", "20", "--no-shrink", "--out", "o"}, 1);

  const json again = called({"campaign", "--rerun", "o", "--out", "p"}, 1);

  EXPECT_EQ(again["seeds"], first["failed"]);
  EXPECT_EQ(again["failed"], first["failed"]);
  ASSERT_EQ(again["scenarios"].size(), 1U);
  EXPECT_EQ(again["scenarios"][0]["name"], "lossy");
  call({"campaign", "quiet", "--seeds", "2", "--out", "q"});
  EXPECT_EQ(call({"campaign", "--rerun", "q"}).status, 0);
}

TEST_F(DatabaseTest, shards_merged_are_the_whole) {
  const std::vector<std::string> asked{"campaign", "quiet", "lossy",
                                       "--seeds",  "40",    "--no-shrink"};
  std::vector<std::string> merge{"merge", "-o", "all.db"};
  for (const char* const shard : {"1/4", "2/4", "3/4", "4/4"}) {
    std::vector<std::string> part = asked;
    const std::string folder = std::string("part") + shard[0];
    part.insert(part.end(), {"--shard", shard, "--out", folder});
    call(part);
    merge.push_back(folder);
  }
  const json whole = called(asked, 1);

  const json merged = called(merge, 1);

  for (const char* const field : {"seeds", "passed", "failed", "crashed", "inconclusive", "events",
                                  "marks", "faults", "acked_operations"}) {
    EXPECT_EQ(merged[field], whole[field]) << field;
  }
  ASSERT_EQ(merged["groups"].size(), whole["groups"].size());
  for (std::size_t i = 0; i < whole["groups"].size(); ++i) {
    for (const char* const field :
         {"signature", "count", "cheapest_seed", "cheapest_events", "strategies", "unshrunk"}) {
      EXPECT_EQ(merged["groups"][i][field], whole["groups"][i][field]) << field;
    }
  }
  // A shard that was stopped makes less than the whole.
  execute("part2/campaign.db", "UPDATE campaigns SET state = 'interrupted'");
  const json part = called({"merge", "part2", "-o", "part.db"}, 1);
  ASSERT_EQ(part["inconclusive_reasons"].size(), 1U);
  EXPECT_EQ(part["inconclusive_reasons"][0], "campaign 1 did not run to its end");
  // What is there already is never overwritten.
  EXPECT_EQ(call(merge).status, 2);
  // The same runs once more are the same runs.
  EXPECT_EQ(called({"merge", "all.db", "part1", "-o", "twice.db"}, 1)["seeds"], whole["seeds"]);
}

TEST_F(DatabaseTest, merging_says_where_the_runs_are_of_another_build) {
  call({"campaign", "quiet", "--seeds", "1", "--out", "o"});
  EXPECT_EQ(call({"merge", "o", "-o", "own.db"}).err, "");
  execute("o/campaign.db", "UPDATE campaigns SET commit_id = 'abcdef0'");

  const Call seen = call({"merge", "o", "-o", "all.db"});

  EXPECT_EQ(seen.status, 0);
  EXPECT_NE(seen.err.find("the runs are of "), std::string::npos) << seen.err;
  EXPECT_NE(seen.err.find("abcdef0"), std::string::npos) << seen.err;
}

// Whatever names it has for files of its own while it works.
TEST_F(DatabaseTest, merging_touches_nothing_but_the_new_file) {
  call({"campaign", "quiet", "--seeds", "1", "--out", "o"});
  write("all.db.copy", read("o/campaign.db"));
  write("all.db.part", "precious");

  EXPECT_EQ(called({"merge", "all.db.copy", "o", "-o", "all.db"}, 0)["seeds"], 1);

  EXPECT_EQ(read("all.db.copy"), read("o/campaign.db"));
  EXPECT_EQ(read("all.db.part"), "precious");
  std::vector<std::string> left = files();
  std::erase_if(left, [](const std::string& path) { return path.starts_with("o/"); });
  EXPECT_EQ(left, (std::vector<std::string>{"all.db", "all.db.copy", "all.db.part"}));
}

TEST_F(DatabaseTest, merging_refuses_what_is_no_campaign_and_leaves_nothing) {
  call({"campaign", "quiet", "--seeds", "1", "--out", "o"});
  write("notes.db", "Dear diary");

  EXPECT_EQ(call({"merge", "o", "notes.db", "-o", "all.db"}).status, 2);
  EXPECT_EQ(call({"merge", "o", "none.db", "-o", "all.db"}).status, 2);
  EXPECT_EQ(call({"merge", "o"}).status, 2);
  EXPECT_FALSE(exists("all.db"));
  EXPECT_EQ(read("notes.db"), "Dear diary");
}

TEST_F(DatabaseTest, a_failure_is_known_when_it_comes_again_and_missed_when_it_does_not) {
  const json first =
      called({"campaign", "lossy", "--seeds", "20", "--no-shrink", "--db", "all.db"}, 1);
  EXPECT_EQ(first["groups"][0]["status"], "new");
  EXPECT_TRUE(first["gone"].empty());

  const json again =
      called({"campaign", "lossy", "--seeds", "20", "--no-shrink", "--db", "all.db"}, 1);
  EXPECT_EQ(again["groups"][0]["status"], "known");
  // Also where it is said at once, and in what stands for the failure alone.
  const Call seen = call({"campaign", "lossy", "--seeds", "20", "--no-shrink", "--db", "all.db",
                          "--out", "known", "--junit", "known.xml"});
  EXPECT_NE(seen.err.find("KNOWN  TOY-1 "), std::string::npos) << seen.err;
  const std::string name =
      "known/failures/TOY-1-" + again["groups"][0]["group"].get<std::string>() + ".txt";
  for (const std::string& text : {seen.out, seen.err, read(name), read("known.xml")}) {
    EXPECT_EQ(text.find("NEW"), std::string::npos) << text;
  }
  const auto since = again["groups"][0]["known_since"].get<std::string>();
  EXPECT_NE(read(name).find("KNOWN since " + since.substr(0, 10)), std::string::npos) << read(name);

  const Call without = call(
      {"campaign", "lossy", "--seeds", "20", "--faults", "none", "--db", "all.db", "--out", "o"});
  EXPECT_EQ(without.status, 0) << without.out;
  const json gone = json::parse(read("o/summary.json"))["gone"];
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0]["signature"], "TOY-1/lost");
  EXPECT_EQ(gone[0]["runs"], 60);
  EXPECT_EQ(gone[0]["runs_since"], 20);
  EXPECT_NE(without.out.find("GONE?"), std::string::npos) << without.out;
}

TEST_F(DatabaseTest, version_1_is_brought_up_with_its_runs) {
  make_version_1("old.db");

  const json seen =
      called({"campaign", "lossy", "--seeds", "20", "--no-shrink", "--db", "old.db"}, 1);

  EXPECT_EQ(seen["groups"][0]["status"], "known");
  EXPECT_EQ(seen["groups"][0]["known_commit"], "abc1234");
  // Its campaign does not say what it was asked for.
  execute("old.db", "DELETE FROM campaigns WHERE id = 2");
  EXPECT_EQ(call({"campaign", "--resume", "old.db"}).status, 2);
}

// Of what a campaign opens first, nothing is damaged: only somewhere in the runs it begins.
// It is an old one, or another campaign writes to it just now.
TEST_F(DatabaseTest, a_file_is_only_read_where_nothing_is_added_to_it) {
  make_version_1("old.db");
  execute("old.db",
          "UPDATE runs SET verdict = 'pass', signature = '', record = '',"
          " fingerprint = '0123456789abcdef', plan = '0123456789abcdef'");
  const std::string old = read("old.db");
  EXPECT_EQ(call({"report", "old.db"}).status, 0);
  const Call resumed = call({"campaign", "--resume", "old.db"});
  EXPECT_EQ(resumed.status, 2);
  EXPECT_NE(resumed.err.find("does not say what its last campaign was asked for"),
            std::string::npos)
      << resumed.err;
  EXPECT_EQ(read("old.db"), old);

  call({"campaign", "quiet", "--seeds", "1", "--out", "o"});
  sqlite3* writer = nullptr;
  ASSERT_EQ(sqlite3_open("o/campaign.db", &writer), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(writer, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const Call seen = call({"report", "o"});
  EXPECT_EQ(seen.status, 0) << seen.err;
  sqlite3_close(writer);
}

TEST_F(DatabaseTest, a_row_that_makes_no_sense_is_named_with_its_file) {
  call({"campaign", "quiet", "--seeds", "3", "--out", "o"});
  execute("o/campaign.db", "UPDATE runs SET fingerprint = 'none' WHERE id = 2");

  const Call seen = call({"report", "o"});

  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.err.find("o/campaign.db: run 2: 'none' is no hash"), std::string::npos)
      << seen.err;
}

TEST_F(DatabaseTest, a_file_with_damage_inside_is_refused_by_every_verb_and_stays) {
  call({"campaign", "quiet", "--seeds", "200", "--out", "o"});
  std::string bytes = read("o/campaign.db");
  ASSERT_GT(bytes.size(), 40'000U);
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 9'000; ++i) bytes[i] = 'x';
  write("p/campaign.db", bytes);

  const std::vector<std::vector<std::string>> calls{
      {"campaign", "quiet", "--seeds", "1", "--db", "p/campaign.db", "--out", "q"},
      {"campaign", "quiet", "--seeds", "1", "--out", "p"},
      {"campaign", "--resume", "p"},
      {"campaign", "--rerun", "p", "--out", "q"},
      {"sweep", "crash", "quiet", "--set", "cluster.store=1", "--out", "p"},
      {"merge", "o", "p", "-o", "all.db"},
      {"report", "p"}};
  for (const std::vector<std::string>& words : calls) {
    const Call seen = call(words);
    EXPECT_EQ(seen.status, 2) << testing::PrintToString(words) << seen.err;
    EXPECT_NE(seen.err.find("p/campaign.db: "), std::string::npos) << seen.err;
    EXPECT_EQ(std::ranges::count(seen.err, '\n'), 1) << seen.err;
    EXPECT_EQ(read("p/campaign.db"), bytes) << testing::PrintToString(words);
  }
  EXPECT_FALSE(exists("q"));
  EXPECT_FALSE(exists("all.db"));
}

TEST_F(DatabaseTest, a_damaged_file_is_refused_and_stays) {
  call({"campaign", "quiet", "--seeds", "30", "--out", "o"});
  std::string bytes = read("o/campaign.db");
  ASSERT_GT(bytes.size(), 9'000U);
  for (std::size_t i = 4'096; i < bytes.size(); ++i) bytes[i] = 'x';
  write("bad.db", bytes);

  const Call resumed = call({"campaign", "--resume", "bad.db"});
  EXPECT_EQ(resumed.status, 2) << resumed.err;
  EXPECT_NE(resumed.err.find("bad.db"), std::string::npos) << resumed.err;
  EXPECT_EQ(call({"merge", "bad.db", "-o", "all.db"}).status, 2);
  EXPECT_EQ(read("bad.db"), bytes);
}

}  // namespace
}  // namespace millrace::command
