#include "sim/run/campaign_db.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sstream>
#include <unistd.h>

#include "tests/folders.h"

namespace millrace::run {
namespace {

class CampaignDbs : public testing::Test {
 protected:
  CampaignDbs() {
    std::string pattern = std::filesystem::temp_directory_path() / "millrace-database-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ / "campaign.db";
  }
  ~CampaignDbs() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<CampaignDb> open() const {
    auto opened = CampaignDb::open(path_, {.state = "running", .build = this_build()});
    if (!opened.has_value()) ADD_FAILURE() << opened.error().detail;
    return opened.has_value() ? *std::move(opened) : nullptr;
  }

  /// A passing run with a mark.
  static RunRecord run_of(std::uint64_t seed, const std::string& mark) {
    RunRecord record;
    record.scenario = "quiet";
    record.seed = seed;
    record.marks[mark] = 1;
    return record;
  }

  /// What a query gives: columns divided by '|', a line a row.
  std::string asked(const std::string& query) const {
    const auto add_row = [](void* text, int columns, char** values, char** /*names*/) {
      auto& rows = *static_cast<std::string*>(text);
      for (int i = 0; i < columns; ++i) {
        rows += (i == 0 ? "" : "|") + std::string(values[i] == nullptr ? "" : values[i]);
      }
      rows += '\n';
      return 0;
    };
    sqlite3* file = nullptr;
    std::string rows;
    EXPECT_EQ(sqlite3_open(path_.c_str(), &file), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(file, query.c_str(), add_row, &rows, nullptr), SQLITE_OK)
        << sqlite3_errmsg(file);
    sqlite3_close(file);
    return rows;
  }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(CampaignDbs, keep_what_counts_of_runs_where_queries_find_it) {
  const std::unique_ptr<CampaignDb> database = open();
  ASSERT_NE(database, nullptr);
  RunRecord passed = run_of(1, "log.rolled");
  PropertyResult property;
  property.id = "TOY-1";
  property.evaluated = 7;
  passed.properties.push_back(property);
  passed.faults.push_back({.kind = "disk.slow", .planned = 3, .fired = 2, .took_effect = 1});
  RunRecord failed = passed;
  failed.seed = 2;
  failed.verdict = Verdict::kFail;
  failed.events = 90;
  failed.violation.emplace().signature = "TOY-1/lost";
  failed.properties[0].verdict = PropertyVerdict::kFailed;
  failed.marks["log.rolled"] = 4;

  for (const RunRecord& record : {passed, failed}) {
    EXPECT_TRUE(database->add(record, 0).has_value());
  }
  EXPECT_TRUE(
      database->finish({.state = "finished", .wall_ns = 5, .canary_tried = 10}).has_value());

  EXPECT_EQ(asked("SELECT id, state, wall_ns, canary_tried FROM campaigns"), "1|finished|5|10\n");
  EXPECT_EQ(asked("SELECT scenario, seed, verdict, signature FROM runs"),
            "quiet|1|pass|\nquiet|2|fail|TOY-1/lost\n");
  EXPECT_EQ(asked("SELECT signature, scenario, runs, first_seed, least_events FROM failures"),
            "TOY-1/lost|quiet|1|2|90\n");
  EXPECT_EQ(asked("SELECT * FROM signatures"), "TOY-1/lost|1|1|1\n");
  EXPECT_EQ(asked("SELECT property, evaluated, failed_runs FROM properties"), "TOY-1|14|1\n");
  EXPECT_EQ(asked("SELECT kind, planned, fired, refused, took_effect FROM faults"),
            "disk.slow|6|4|0|2\n");
  EXPECT_EQ(asked("SELECT mark, count, runs FROM marks"), "log.rolled|5|2\n");
  EXPECT_EQ(asked("SELECT count(DISTINCT digest) FROM runs"), "1\n");
}

TEST_F(CampaignDbs, have_one_digest_for_runs_that_went_the_same_ways) {
  RunRecord record = run_of(1, "log.rolled");
  record.faults.push_back({.kind = "disk.slow", .planned = 3, .took_effect = 1});
  RunRecord same = record;
  same.seed = 2;
  same.events = 99;
  same.marks["log.rolled"] = 5;
  same.faults[0].took_effect = 2;
  same.faults.push_back({.kind = "disk.lost", .planned = 1});
  RunRecord other_mark = record;
  other_mark.marks["log.torn"] = 1;
  RunRecord other_kind = same;
  other_kind.faults[1].took_effect = 1;

  EXPECT_EQ(digest_of(record), digest_of(same));
  EXPECT_NE(digest_of(record), digest_of(other_mark));
  EXPECT_NE(digest_of(record), digest_of(other_kind));
}

// Whoever reads a database by its description finds every table, view and column in it.
TEST_F(CampaignDbs, are_described_as_they_are) {
  ASSERT_NE(open(), nullptr);
  std::ifstream file(source_folder() + "/docs/formats/campaign-db.md");
  std::ostringstream description;
  description << file.rdbuf();

  std::istringstream words(
      asked("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' UNION"
            " SELECT i.name FROM sqlite_schema s, pragma_table_info(s.name) i"
            " WHERE s.type = 'table' AND i.name NOT IN ('run')"));
  std::size_t count = 0;
  for (std::string word; std::getline(words, word); ++count) {
    EXPECT_NE(description.str().find(word), std::string::npos) << word;
  }

  EXPECT_GT(count, 40U);
  EXPECT_NE(description.str().find("`PRAGMA user_version` is " +
                                   asked("PRAGMA user_version").substr(0, 1) + "."),
            std::string::npos);
}

// Neither waits for the other's open batch, and both bring the same new name.
TEST_F(CampaignDbs, take_the_runs_of_two_campaigns_at_once) {
  const std::unique_ptr<CampaignDb> first = open();
  const std::unique_ptr<CampaignDb> second = open();
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);

  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (CampaignDb* const database : {first.get(), second.get()}) {
      const Result<void> added = database->add(run_of(seed, "mark." + std::to_string(seed)), 0);
      EXPECT_TRUE(added.has_value()) << added.error().detail;
    }
  }
  for (CampaignDb* const database : {second.get(), first.get()}) {
    const Result<void> committed = database->commit(0);
    EXPECT_TRUE(committed.has_value()) << committed.error().detail;
  }

  const Registry registry;
  for (const std::uint64_t campaign : {1, 2}) {
    std::vector<std::uint64_t> seeds;
    const auto look = [&](const RunRecord& record) {
      seeds.push_back(record.seed);
      EXPECT_EQ(record.marks.size(), 1U);
      EXPECT_TRUE(record.marks.contains("mark." + std::to_string(record.seed)));
    };
    const Result<void> read = each_stored_run(path_, campaign, registry, look);
    EXPECT_TRUE(read.has_value()) << read.error().detail;
    EXPECT_EQ(seeds, (std::vector<std::uint64_t>{1, 2, 3}));
  }
}

}  // namespace
}  // namespace millrace::run
