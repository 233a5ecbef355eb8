#include "sim/run/campaign_db.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

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

  std::filesystem::path folder_;
  std::string path_;
};

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
