// Bad input of every kind: refused with status 2 before anything runs, with what was expected, and
// without touching what is there.

#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using nlohmann::json;

class BadInput : public CommandTest {
 protected:
  /// Calls, and expects status 2, nothing on stdout, and this on stderr.
  void refuses(const std::vector<std::string>& words, const std::string& why) const {
    const Call seen = call(words);
    EXPECT_EQ(seen.status, 2) << testing::PrintToString(words);
    EXPECT_EQ(seen.out, "") << testing::PrintToString(words);
    EXPECT_NE(seen.err.find(why), std::string::npos) << seen.err;
  }

  /// The first 100 bytes of an SQLite file with these numbers in its header.
  static std::string database(std::uint32_t application, std::uint32_t version) {
    std::string header("SQLite format 3\0", 16);
    header.resize(100);
    for (int i = 0; i < 4; ++i) {
      header[static_cast<std::size_t>(60 + i)] = static_cast<char>(version >> (24 - 8 * i));
      header[static_cast<std::size_t>(68 + i)] = static_cast<char>(application >> (24 - 8 * i));
    }
    return header;
  }
};

TEST_F(BadInput, out_may_not_be_a_file) {
  write("o", "precious");

  refuses({"campaign", "quiet", "--seeds", "1", "--out", "o"}, "o is a file");
  refuses({"campaign", "quiet", "--seeds", "1", "--out", "o/deeper"}, "o is a file");
  refuses({"run", "quiet", "--out", "o"}, "o is a file");
  EXPECT_EQ(read("o"), "precious");
  EXPECT_EQ(files(), std::vector<std::string>{"o"});
}

// Nobody can write there, and access() says that root can.
TEST_F(BadInput, out_may_not_be_where_nothing_can_be_made) {
  for (const char* const verb : {"run", "campaign"}) {
    const Call seen = call({verb, "quiet", "--out", "/proc/x"});
    EXPECT_EQ(seen.status, 2);
    EXPECT_TRUE(seen.err.starts_with("millrace: /proc/x: cannot be written: ")) << seen.err;
    EXPECT_EQ(std::ranges::count(seen.err, '\n'), 1) << seen.err;
  }
  refuses({"run", "quiet", "--trace", "/proc/x"}, "/proc/x: cannot be written");
  refuses({"campaign", "quiet", "--seeds", "1", "--db", "/proc/x"}, "/proc/x: cannot be written");
}

TEST_F(BadInput, nothing_is_written_over_what_is_read_or_written_already) {
  write("r.json", "precious");
  std::filesystem::create_symlink("r.json", "link");

  refuses({"report", "r.json", "-o", "./r.json"},
          "./r.json: is to be read, and --output would write over it");
  refuses({"replay", "r.json", "--junit", "link"}, "link: is to be read, and --junit would write");
  refuses({"run", "quiet", "--plan", "r.json", "--report", "r.json"},
          "r.json: --report would write over what --plan reads");
  refuses({"campaign", "quiet", "--db", "c.db", "--junit", "x/../c.db"},
          "c.db: --db would write over what --junit writes");
  EXPECT_EQ(read("r.json"), "precious");
  // A scenario's name is no file, and a device takes more than one.
  EXPECT_EQ(call({"run", "quiet", "--report", "quiet"}).status, 0);
  EXPECT_EQ(call({"run", "quiet", "--report", "/dev/null", "--trace", "/dev/null"}).status, 0);
}

TEST_F(BadInput, a_trace_needs_a_folder) {
  std::filesystem::create_directory("d");

  refuses({"run", "quiet", "--trace", "no/such/t.txt"},
          "no/such/t.txt: there is no folder no/such");
  refuses({"run", "quiet", "--trace", "d"}, "d: a folder");
}

TEST_F(BadInput, a_database_of_another_tool_stays_as_it_is) {
  const std::string foreign = database(0x1234, 7);
  write("notes.db", foreign);
  write("diary.db", "Dear diary");
  write("o/campaign.db", foreign);

  refuses({"campaign", "quiet", "--seeds", "1", "--db", "notes.db"}, "no campaign database");
  refuses({"campaign", "quiet", "--seeds", "1", "--db", "diary.db"}, "no campaign database");
  refuses({"campaign", "quiet", "--seeds", "1", "--out", "o"}, "o/campaign.db");
  refuses({"campaign", "quiet", "--seeds", "1", "--db", "none/a.db"},
          "none/a.db: there is no folder none");
  EXPECT_EQ(read("notes.db"), foreign);
  EXPECT_EQ(read("diary.db"), "Dear diary");
  EXPECT_EQ(files(), (std::vector<std::string>{"diary.db", "notes.db", "o/campaign.db"}));
}

TEST_F(BadInput, a_database_of_another_version_is_named) {
  write("later.db", database(0x4D4C5243, 3));

  refuses({"campaign", "quiet", "--seeds", "1", "--db", "later.db"},
          "version 3 of campaign databases is not known, only up to 2");
}

TEST_F(BadInput, a_profile_stands_alone_and_a_beginning_is_near) {
  refuses({"run", "quiet", "--faults", "harsh,disk.torn_write"}, "'harsh' stands alone");
  refuses({"run", "quiet", "--faults", "disk.torn"}, "the nearest is 'disk.torn_write'");
}

TEST_F(BadInput, a_value_is_told_what_was_expected) {
  refuses({"run", "quiet", "--set", "store.bug=everything"}, "expected none, ");
  refuses({"run", "quiet", "--set", "cluster.store=many"}, "expected a whole number, got 'many'");
}

TEST_F(BadInput, a_deployment_needs_a_machine_and_a_budget_that_can_be_met) {
  refuses({"run", "quiet", "--set", "cluster.store=0"}, "cluster: ");
  json plan = json::parse(call({"plan", "quiet"}).out);
  plan["groups"] = json::array({{{"name", "stores"},
                                 {"members", {"store-1"}},
                                 {"disks_lost_max", 0},
                                 {"core_min", 9},
                                 {"clock_rate_max_ppm", 0},
                                 {"repair_mark", ""}}});
  write("p.json", plan.dump());

  refuses({"run", "--plan", "p.json"}, "core_min is 9");
}

TEST_F(BadInput, a_pattern_without_scenarios_lists_them) {
  refuses({"campaign", "q*x"}, "no scenario matches 'q*x'; there are quiet, ");
}

TEST_F(BadInput, a_folder_or_nothing_in_the_place_of_a_scenario_is_named) {
  std::filesystem::create_directory("d");

  refuses({"run", "./d"}, "./d: a folder, where a file is expected");
  refuses({"run", "none.toml"}, "none.toml: there is no such file");
}

TEST_F(BadInput, a_repro_is_no_plan) {
  ASSERT_EQ(call({"run", "checked", "--out", "o"}).status, 1);
  const std::string repro = json::parse(read("o/summary.json"))["repro"];

  refuses({"run", "--plan", repro}, "a repro, where a plan is expected: replay");
}

TEST_F(BadInput, another_build_has_to_be_a_program) {
  write("text", "no program");

  refuses({"verify-determinism", "quiet", "--against", "text"}, "text: is no program");
}

}  // namespace
}  // namespace millrace::command
