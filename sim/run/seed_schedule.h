#pragma once

// Which seeds a campaign runs, in which order.
//
// Scenario after scenario; with a bound of wall time in rounds over the scenarios, so that each
// gets its share. A shard runs every seed with seed % shard_count == shard - 1.

#include <cstdint>
#include <vector>

#include "sim/run/campaign.h"

namespace millrace::run {

class SeedSchedule {
 public:
  /// The options outlive the schedule.
  SeedSchedule(std::size_t scenarios, const CampaignOptions& options);

  /// The next seeds of one scenario, at most `count`; empty at the end.
  std::vector<RunRequest> next(std::uint64_t count);

  /// Runs in all.
  std::uint64_t planned() const { return planned_; }
  /// The scenario of the seeds that were given last.
  std::uint32_t current_scenario() const { return current_; }
  /// Which of the shard's seeds of a scenario this one is, from 0.
  std::uint64_t index_of(std::uint32_t scenario, std::uint64_t seed) const;

 private:
  /// Of one scenario.
  struct Part {
    std::vector<std::uint64_t> chosen;  // Its seeds, where they were named.
    std::uint64_t count = 0;
    std::uint64_t given = 0;
  };

  /// Whether the shard runs this seed.
  bool is_mine(std::uint64_t seed) const;
  /// How many of the seeds from the first on the shard runs.
  std::uint64_t range_count() const;
  std::uint64_t seed_at(const Part& part, std::uint64_t index) const;

  const CampaignOptions& options_;
  std::uint64_t first_ = 0;  // The shard's first seed.
  std::uint64_t planned_ = 0;
  std::uint32_t current_ = 0;
  std::vector<Part> parts_;  // By scenario.
};

}  // namespace millrace::run
