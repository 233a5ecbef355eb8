#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class ReportVerb : public CommandTest {
 protected:
  ~ReportVerb() override { setenv("PATH", path_.c_str(), 1); }

  /// The object in a page.
  static json data_of(const std::string& page) {
    const std::string text = read(page);
    constexpr std::string_view kBegin = "id=\"data\">";
    const std::size_t begin = text.find(kBegin);
    if (begin == std::string::npos) {
      ADD_FAILURE() << page << " has no data";
      return {};
    }
    const std::size_t from = begin + kBegin.size();
    return json::parse(text.substr(from, text.find("</script>", from) - from));
  }

  static std::string only_file(std::string_view suffix) {
    std::string found;
    for (const std::string& file : files()) {
      if (!file.ends_with(suffix)) continue;
      EXPECT_EQ(found, "") << "there is but one *" << suffix;
      found = file;
    }
    return found;
  }

  /// A failed run in the folder `o`.
  Call fail(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"run",   "lossy", "--seed", std::to_string(failing_seed()),
                                   "--out", "o"};
    words.insert(words.end(), more.begin(), more.end());
    return call(words);
  }

  /// Calls, and expects status 2, nothing on stdout, and one line with this on stderr.
  void refuses(const std::vector<std::string>& words, const std::string& why) const {
    const Call seen = call(words);
    EXPECT_EQ(seen.status, 2) << testing::PrintToString(words);
    EXPECT_EQ(seen.out, "") << testing::PrintToString(words);
    EXPECT_NE(seen.err.find(why), std::string::npos) << seen.err;
    EXPECT_EQ(std::ranges::count(seen.err, '\n'), 1) << seen.err;
  }

  /// A folder with nothing but this as `xdg-open`, in which alone programs are looked for.
  static void set_opener(std::string_view script) {
    fs::create_directory("bin");
    if (!script.empty()) {
      write("bin/xdg-open", script);
      fs::permissions("bin/xdg-open", fs::perms::owner_all);
    }
    setenv("PATH", fs::absolute("bin").c_str(), 1);
  }

 private:
  std::string path_ = getenv("PATH") == nullptr ? "" : getenv("PATH");
};

TEST_F(ReportVerb, shows_the_failure_that_a_run_left) {
  const Call seen = fail();

  const std::string page = only_file(".html");
  EXPECT_EQ(page.substr(0, 17), "o/failures/TOY-1-");
  EXPECT_NE(seen.out.find("look        millrace report o --open"), std::string::npos) << seen.out;
  const json data = data_of(page);
  EXPECT_EQ(data["page"], "run");
  EXPECT_EQ(data["failure"]["property"], "TOY-1");
  const auto rows = data["events"]["t"].size();
  EXPECT_GT(rows, 10U);
  EXPECT_GE(data["failure"]["row"], 0);
  EXPECT_LT(data["failure"]["row"], rows);
  EXPECT_FALSE(data["causes"].empty());
  EXPECT_FALSE(data["messages"]["send"].empty());
  EXPECT_FALSE(data["operations"]["id"].empty());
  EXPECT_FALSE(data["bands"].empty()) << "the power was lost";
  EXPECT_EQ(data["text"], read("o/summary.txt"));
  EXPECT_EQ(data["commands"][0]["id"], "replay");
}

TEST_F(ReportVerb, takes_the_page_that_is_there_and_makes_the_one_that_is_not) {
  fail();
  const std::string page = only_file(".html");
  const std::string before = read(page);

  const Call there = call({"report", "o"});
  EXPECT_EQ(there.status, 0) << there.err;
  EXPECT_EQ(there.out, page + "\n");
  EXPECT_EQ(read(page), before);

  fs::remove(page);
  const Call made = call({"report", "o", "--json"});
  EXPECT_EQ(made.status, 0) << made.err;
  const json object = json::parse(made.out);
  EXPECT_EQ(object["file"], page);
  EXPECT_EQ(object["page"], "run");
  EXPECT_EQ(object["written"], true);
  EXPECT_EQ(object["opened"], false);

  EXPECT_EQ(data_of(page)["failure"]["property"], "TOY-1");
}

TEST_F(ReportVerb, draws_a_repro_again_where_it_is_told_to) {
  fail({"--shrink"});
  const std::string repro = only_file(".repro.json");

  const Call seen = call({"report", repro, "-o", "p.html"});

  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(seen.out, "p.html\n");
  const json data = data_of("p.html");
  EXPECT_EQ(data["failure"]["property"], "TOY-1");
  std::map<std::string, std::string> commands;
  for (const json& command : data["commands"]) {
    commands[command["id"].get<std::string>()] = command["text"].get<std::string>();
  }
  EXPECT_EQ(commands["replay"], "millrace replay " + repro);
  EXPECT_EQ(commands["stop"].substr(0, commands["replay"].size()), commands["replay"]);
  EXPECT_EQ(commands["token"], "millrace replay " + data["token"].get<std::string>());
  ASSERT_TRUE(data.contains("neighbour")) << "a small plan has a neighbour that passes";
  EXPECT_FALSE(data["neighbour"]["events"]["t"].empty());
  EXPECT_NE(data["neighbour"]["change"], "");
  EXPECT_GE(data["neighbour"]["row"], 0);
}

TEST_F(ReportVerb, says_of_a_reduced_failure_what_it_was_made_of) {
  fail({"--shrink"});

  const json data = data_of(only_file(".html"));

  EXPECT_GT(data["plan"]["from"]["operations"], data["plan"]["size"]["operations"]);
  EXPECT_GT(data["plan"]["runs"], 0);
}

TEST_F(ReportVerb, is_a_flag_of_run_that_changes_nothing_of_it) {
  const json plain = json::parse(call({"run", "quiet", "--json"}).out);
  const json reported = json::parse(call({"run", "quiet", "--json", "--report", "p.html"}).out);

  EXPECT_EQ(files(), std::vector<std::string>{"p.html"});
  EXPECT_EQ(plain["fingerprint"], reported["fingerprint"]);
  EXPECT_EQ(plain["events"], reported["events"]);
  const json data = data_of("p.html");
  EXPECT_EQ(data["run"]["verdict"], "pass");
  EXPECT_FALSE(data.contains("failure"));
  EXPECT_GT(data["events"]["t"].size(), 10U);
}

TEST_F(ReportVerb, is_a_flag_of_replay_for_one_repro) {
  fail();
  const std::string repro = only_file(".repro.json");

  EXPECT_EQ(call({"replay", repro, "--report", "p.html"}).status, 1);

  EXPECT_EQ(data_of("p.html")["failure"]["property"], "TOY-1");
  refuses({"replay", repro, repro, "--report", "q.html"}, "--report shows one repro");
  EXPECT_FALSE(exists("q.html"));
}

TEST_F(ReportVerb, shows_a_campaign_with_links_to_its_failures) {
  const Call campaign = call({"campaign", "lossy", "quiet", "--seeds", "4", "--out", "o", "--jobs",
                              "1", "--report", "c.html"});
  ASSERT_EQ(campaign.status, 1) << campaign.err;

  const json data = data_of("c.html");

  EXPECT_EQ(data["page"], "campaign");
  EXPECT_EQ(data["seeds"], 8);
  ASSERT_EQ(data["groups"].size(), 1U);
  const auto linked = data["groups"][0]["page"].get<std::string>();
  EXPECT_EQ(linked.substr(0, 17), "o/failures/TOY-1-");
  EXPECT_EQ(data_of(linked)["page"], "run");
  EXPECT_EQ(data["runs"]["seed"].size(), 8U);
  EXPECT_EQ(data["scenarios"].size(), 2U);
  std::uint64_t seeds = 0;
  for (const json& strategy : data["strategies"]) seeds += strategy["seeds"].get<std::uint64_t>();
  EXPECT_EQ(seeds, 8U);

  const Call seen = call({"report", "o"});
  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(seen.out, "o/campaign.html\n");
  EXPECT_EQ(data_of("o/campaign.html")["groups"][0]["page"], linked.substr(2));
}

TEST_F(ReportVerb, shows_a_database_alone) {
  call({"campaign", "lossy", "--seeds", "3", "--out", "o", "--jobs", "1", "--no-shrink"});
  fs::rename("o/campaign.db", "alone.db");

  const Call seen = call({"report", "alone.db"});

  EXPECT_EQ(seen.status, 0) << seen.err;
  const json data = data_of("alone.html");
  EXPECT_EQ(data["seeds"], 3);
  EXPECT_EQ(data["failed"].get<int>() + data["passed"].get<int>(), 3);
  for (const json& group : data["groups"]) EXPECT_FALSE(group.contains("page"));
}

TEST_F(ReportVerb, of_a_folder_with_two_campaigns_shows_the_last_as_it_ended) {
  call({"campaign", "lossy", "--seeds", "6", "--out", "o", "--jobs", "1", "--no-shrink"});
  call({"campaign", "quiet", "--seeds", "2", "--out", "o", "--jobs", "1"});

  const Call seen = call({"report", "o"});

  EXPECT_EQ(seen.status, 0) << seen.err;
  const json data = data_of("o/campaign.html");
  EXPECT_EQ(data["seeds"], 2);
  EXPECT_EQ(data["runs"]["seed"], json({1, 2}));
  EXPECT_EQ(data["runs"]["scenario"], json({0, 0}));
  EXPECT_EQ(data["command"], "millrace campaign quiet --seeds 1..2");
  EXPECT_EQ(data["text"], read("o/summary.txt"));
  EXPECT_EQ(data["status"], json::parse(read("o/summary.json"))["status"]);
}

TEST_F(ReportVerb, adds_up_a_database_where_no_summary_is_of_its_last_campaign) {
  call({"campaign", "lossy", "--seeds", "6", "--out", "o", "--jobs", "1", "--no-shrink"});
  const std::string other = read("o/summary.json");
  call({"campaign", "quiet", "--seeds", "2", "--out", "o", "--jobs", "1"});
  for (const std::string& summary : {other, other.substr(0, other.size() / 2)}) {
    write("o/summary.json", summary);

    EXPECT_EQ(call({"report", "o"}).status, 0);

    const json data = data_of("o/campaign.html");
    EXPECT_EQ(data["seeds"], 8);
    EXPECT_EQ(data["runs"]["seed"].size(), 8U);
    EXPECT_EQ(data["scenarios"].size(), 2U);
    EXPECT_EQ(data["status"], 1);
    ASSERT_EQ(data["groups"].size(), 1U);
    EXPECT_EQ(data["groups"][0]["status"], "known") << "the last campaign is not the first with it";
    EXPECT_FALSE(data["groups"][0]["known_since"].is_null());
    EXPECT_NE(data["groups"][0].at("seen").get<std::string>(), "");
    EXPECT_NE(data["text"].get<std::string>().find("KNOWN"), std::string::npos);
    EXPECT_FALSE(data.contains("command")) << "nobody called both at once";
  }
}

TEST_F(ReportVerb, counts_a_seed_that_ran_twice_once) {
  for (int i = 0; i < 2; ++i) {
    call({"campaign", "quiet", "--seeds", "4", "--db", "all.db", "--out", "o", "--jobs", "1"});
  }

  EXPECT_EQ(call({"report", "all.db"}).status, 0);

  const json data = data_of("all.html");
  EXPECT_EQ(data["seeds"], 4);
  EXPECT_EQ(data["runs"]["seed"], json({1, 2, 3, 4}));
}

TEST_F(ReportVerb, takes_the_latest_where_nothing_is_named) {
  const Call run = call({"run", "lossy", "--seed", std::to_string(failing_seed())});
  EXPECT_NE(run.out.find("look        millrace report latest --open"), std::string::npos)
      << run.out;

  const Call seen = call({"report"});

  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_TRUE(seen.out.starts_with("millrace-out/latest/failures/TOY-1-")) << seen.out;
}

TEST_F(ReportVerb, refuses_what_is_no_failure_and_no_campaign) {
  write("notes.txt", "not a repro");
  write("cut.db", std::string("SQLite format 3\0", 16));
  fs::create_directory("empty");

  refuses({"report"}, "latest: there is no millrace-out/latest here");
  refuses({"report", "none.repro.json"}, "none.repro.json");
  refuses({"report", "notes.txt"}, "notes.txt: ");
  refuses({"report", "cut.db"}, "cut.db: ");
  refuses({"report", "empty"}, "empty: holds neither campaign.db nor a *.repro.json");
  refuses({"report", "notes.txt", "cut.db"}, "report takes one");
  EXPECT_EQ(files(), (std::vector<std::string>{"cut.db", "notes.txt"}));
}

TEST_F(ReportVerb, overwrites_nothing_where_it_cannot_write_or_cannot_read) {
  fail();
  const std::string repro = only_file(".repro.json");
  write("precious.html", "precious");
  std::string edited = read(repro);
  edited.resize(edited.size() / 2);
  write("cut.repro.json", edited);

  refuses({"report", repro, "-o", "none/p.html"}, "none/p.html: ");
  refuses({"report", repro, "-o", "/proc/p.html"}, "/proc/p.html: cannot be written");
  refuses({"report", "cut.repro.json", "-o", "precious.html"}, "cut.repro.json: ");
  EXPECT_EQ(read("precious.html"), "precious");
  for (const char* const verb : {"run", "campaign"}) {
    refuses({verb, "quiet", "--report", "none/p.html"}, "none/p.html: ");
  }
  EXPECT_FALSE(exists("cut.html"));
}

TEST_F(ReportVerb, hands_the_page_to_the_desktop) {
  fail();
  const std::string page = only_file(".html");
  set_opener("#!/bin/sh\necho \"$1\" > seen\n");

  const Call seen = call({"report", "o", "--open", "--json"});

  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(json::parse(seen.out)["opened"], true);
  // It is a child of this process, which nobody waits for but this test.
  while (wait(nullptr) > 0) {
  }
  EXPECT_EQ(read("seen"), page + "\n");
}

TEST_F(ReportVerb, says_so_where_there_is_no_desktop) {
  fail();
  const std::string page = only_file(".html");
  fs::remove(page);
  set_opener("");

  const Call seen = call({"report", "o", "--open"});

  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.out, page + "\n");
  EXPECT_NE(seen.err.find("--open: xdg-open cannot be started"), std::string::npos) << seen.err;
  EXPECT_TRUE(exists(page)) << "it is written all the same";
}

}  // namespace
}  // namespace millrace::command
