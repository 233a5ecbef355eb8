#include "sim/run/seed_schedule.h"

#include <algorithm>
#include <iterator>

#include "system/base/check.h"

namespace millrace::run {
namespace {

/// Seeds of a scenario in one round.
constexpr std::uint64_t kRound = 64;

}  // namespace

SeedSchedule::SeedSchedule(std::size_t scenarios, const CampaignOptions& options)
    : options_(options), parts_(scenarios) {
  CHECK(options.shard_count >= 1, "there is at least one shard");
  CHECK(options.shard >= 1, "shards are counted from 1");
  CHECK(options.shard <= options.shard_count, "a shard is one of those that there are");
  const bool has_lists = !options.seeds_by_scenario.empty();
  if (has_lists) {
    CHECK(options.seeds_by_scenario.size() == scenarios, "each scenario has its list of seeds");
  }
  const std::uint64_t wanted = options.shard - 1;
  const std::uint64_t rest = options.seed_first % options.shard_count;
  const std::uint64_t ahead = (wanted + options.shard_count - rest) % options.shard_count;
  first_ = options.seed_first + ahead;
  for (std::size_t i = 0; i < scenarios; ++i) {
    const auto& named = has_lists ? options.seeds_by_scenario[i] : options.seeds_chosen;
    std::ranges::copy_if(named, std::back_inserter(parts_[i].chosen),
                         [&](std::uint64_t seed) { return is_mine(seed); });
    const bool is_named = has_lists || !options.seeds_chosen.empty();
    parts_[i].count = is_named ? parts_[i].chosen.size() : range_count();
    planned_ += parts_[i].count;
  }
}

bool SeedSchedule::is_mine(std::uint64_t seed) const {
  return seed % options_.shard_count == options_.shard - 1;
}

std::uint64_t SeedSchedule::range_count() const {
  const std::uint64_t every = options_.shard_count;
  const std::uint64_t skipped = first_ - options_.seed_first;
  return options_.seeds <= skipped ? 0 : (options_.seeds - skipped + every - 1) / every;
}

std::uint64_t SeedSchedule::seed_at(const Part& part, std::uint64_t index) const {
  return part.chosen.empty() ? first_ + index * options_.shard_count : part.chosen[index];
}

std::uint64_t SeedSchedule::index_of(std::uint32_t scenario, std::uint64_t seed) const {
  const std::vector<std::uint64_t>& chosen = parts_[scenario].chosen;
  if (chosen.empty()) return (seed - first_) / options_.shard_count;
  return static_cast<std::uint64_t>(std::ranges::find(chosen, seed) - chosen.begin());
}

std::vector<RunRequest> SeedSchedule::next(std::uint64_t count) {
  // The scenario that is behind the others, by rounds; without a bound of time there is one round.
  const bool is_timed = options_.wall_time.has_value();
  const auto round_of = [&](const Part& part) { return is_timed ? part.given / kRound : 0; };
  std::uint32_t chosen = 0;
  for (std::uint32_t i = 1; i < parts_.size(); ++i) {
    if (parts_[i].given >= parts_[i].count) continue;
    const bool is_chosen_done = parts_[chosen].given >= parts_[chosen].count;
    if (is_chosen_done || round_of(parts_[i]) < round_of(parts_[chosen])) chosen = i;
  }
  std::vector<RunRequest> requests;
  Part& part = parts_[chosen];
  if (part.given >= part.count) return requests;
  current_ = chosen;
  std::uint64_t end = std::min(part.given + count, part.count);
  if (is_timed) end = std::min(end, (round_of(part) + 1) * kRound);
  for (; part.given < end; ++part.given) {
    requests.push_back({.scenario = chosen, .seed = seed_at(part, part.given)});
  }
  return requests;
}

}  // namespace millrace::run
