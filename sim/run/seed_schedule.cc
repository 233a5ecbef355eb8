#include "sim/run/seed_schedule.h"

#include <algorithm>

#include "system/base/check.h"

namespace millrace::run {
namespace {

/// Seeds of a scenario in one round.
constexpr std::uint64_t kRound = 64;

}  // namespace

SeedSchedule::SeedSchedule(std::size_t scenarios, const CampaignOptions& options)
    : options_(options), given_(scenarios) {
  CHECK(options.shard_count >= 1, "there is at least one shard");
  CHECK(options.shard >= 1, "shards are counted from 1");
  CHECK(options.shard <= options.shard_count, "a shard is one of those that there are");
  const std::uint64_t wanted = options.shard - 1;
  const std::uint64_t rest = options.seed_first % options.shard_count;
  const std::uint64_t ahead = (wanted + options.shard_count - rest) % options.shard_count;
  first_ = options.seed_first + ahead;
  count_ = seed_count();
  planned_ = count_ * scenarios;
}

bool SeedSchedule::is_mine(std::uint64_t seed) const {
  return seed % options_.shard_count == options_.shard - 1;
}

std::uint64_t SeedSchedule::seed_count() const {
  const std::uint64_t every = options_.shard_count;
  if (!options_.seeds_chosen.empty()) {
    return static_cast<std::uint64_t>(std::ranges::count_if(
        options_.seeds_chosen, [&](std::uint64_t seed) { return is_mine(seed); }));
  }
  const std::uint64_t skipped = first_ - options_.seed_first;
  return options_.seeds <= skipped ? 0 : (options_.seeds - skipped + every - 1) / every;
}

std::uint64_t SeedSchedule::seed_at(std::uint64_t index) const {
  if (options_.seeds_chosen.empty()) return first_ + index * options_.shard_count;
  for (const std::uint64_t seed : options_.seeds_chosen) {
    if (!is_mine(seed)) continue;
    if (index-- == 0) return seed;
  }
  UNREACHABLE("an index below the number of seeds");
}

std::uint64_t SeedSchedule::index_of(std::uint64_t seed) const {
  if (options_.seeds_chosen.empty()) return (seed - first_) / options_.shard_count;
  const auto found = std::ranges::find(options_.seeds_chosen, seed);
  return static_cast<std::uint64_t>(std::count_if(
      options_.seeds_chosen.begin(), found, [&](std::uint64_t before) { return is_mine(before); }));
}

std::vector<RunRequest> SeedSchedule::next(std::uint64_t count) {
  // The scenario that is behind the others, by rounds; without a bound of time there is one round.
  const std::uint64_t round = options_.wall_time.has_value() ? kRound : count_ + 1;
  std::uint32_t chosen = 0;
  for (std::uint32_t i = 1; i < given_.size(); ++i) {
    const bool is_chosen_done = given_[chosen] >= count_;
    const bool is_behind = given_[i] / round < given_[chosen] / round;
    if (given_[i] < count_ && (is_chosen_done || is_behind)) chosen = i;
  }
  std::vector<RunRequest> requests;
  std::uint64_t& given = given_[chosen];
  if (given >= count_) return requests;
  current_ = chosen;
  const std::uint64_t round_end = (given / round + 1) * round;
  const std::uint64_t end = std::min({given + count, round_end, count_});
  for (; given < end; ++given) {
    requests.push_back({.scenario = chosen, .seed = seed_at(given)});
  }
  return requests;
}

}  // namespace millrace::run
