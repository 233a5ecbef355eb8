#include "sim/kernel/choices.h"

#include <algorithm>
#include <array>

#include "system/base/check.h"

namespace millrace::sim {
namespace {

// A generation of counters lasts about 69 s of virtual time.
constexpr int kGenerationShift = 36;
// Counters of a generation after the first start here times the generation, so that a counter that
// was forgotten does not repeat the identities that it gave.
constexpr int kGenerationStartShift = 20;
constexpr std::size_t kCountersStart = 4096;

constexpr std::array<std::string_view, kPurposeCount> kPurposeNames{
    "cpu_cost",   "lateness",      "strategy",     "latency",      "loss",
    "connect",    "break_arrives", "break_learns", "disk_latency", "disk_stall",
    "disk_error", "crash_shape",   "crash_sector", "tear",         "crash_metadata",
    "damage",     "clock",         "random",       "fault",        "workload"};

std::uint32_t generation_of(SimTime now) {
  return static_cast<std::uint32_t>(now.ns >> kGenerationShift) + 1;
}

// When a boot began is not forgotten, or its age would start anew and its identities be repeated.
constexpr std::uint32_t kForEver = UINT32_MAX;

// Forgotten: neither this generation nor the one before counted with it.
bool is_stale(std::uint32_t counter_generation, std::uint32_t generation) {
  return counter_generation < generation - 1;
}

template <typename T>
bool matches(const std::optional<T>& wanted, const T& value) {
  return !wanted.has_value() || *wanted == value;
}

bool matches(const Override& rule, const EventIdentity& who, Purpose purpose, std::uint32_t index) {
  return matches(rule.purpose, purpose) && matches(rule.root, who.root) &&
         matches(rule.kind, who.kind) && matches(rule.where, who.where) && matches(rule.n, who.n) &&
         matches(rule.index, index);
}

}  // namespace

std::string_view to_text(Purpose purpose) {
  const auto index = static_cast<std::size_t>(purpose);
  CHECK(index < kPurposeNames.size());
  return kPurposeNames[index];
}

std::optional<Purpose> purpose_from_text(std::string_view name) {
  const auto* const found = std::find(kPurposeNames.begin(), kPurposeNames.end(), name);
  if (found == kPurposeNames.end()) return std::nullopt;
  return static_cast<Purpose>(found - kPurposeNames.begin());
}

Choices::Choices(std::uint64_t seed, std::vector<Override> overrides)
    : Choices(seed, seed, std::move(overrides)) {}

Choices::Choices(std::uint64_t seed, std::uint64_t schedule_seed, std::vector<Override> overrides)
    : seed_(seed),
      schedule_seed_(schedule_seed),
      overrides_(std::move(overrides)),
      override_matches_(overrides_.size(), 0),
      counters_(kCountersStart),
      is_plain_(overrides_.empty()) {}

EventIdentity Choices::identify(Root root, EventKind kind, Where where, SimTime now) {
  const std::uint64_t key = identity_key(root, kind, where);
  const std::uint32_t generation = generation_of(now);
  // Room for two entries: the references below stay valid.
  if ((counters_used_ + 2) * 2 > counters_.size()) grow_or_prune(generation);
  const bool is_of_boot = is_boot(root);
  const std::uint32_t start =
      is_of_boot ? first_n_of(root, now) : (generation - 1) << kGenerationStartShift;
  Counter& counter = counter_of(key, generation, start);
  if (is_of_boot) counter.n = std::max(counter.n, start);
  const std::uint32_t n = counter.n++;
  return {.id = {mix(key, n)}, .root = root, .where = where, .n = n, .kind = kind};
}

/// first_n() of a boot's age. A boot begins with its first event, the first step of its process.
std::uint32_t Choices::first_n_of(Root boot, SimTime now) {
  const auto time = static_cast<std::uint32_t>(now.ns >> kAgeUnitShift);
  return (time - counter_of(boot.value, kForEver, time).n) & kAgeSliceMask;
}

/// The counter of this key, which starts at `start` where it is new or was forgotten.
Choices::Counter& Choices::counter_of(std::uint64_t key, std::uint32_t generation,
                                      std::uint32_t start) {
  const std::size_t mask = counters_.size() - 1;
  std::size_t at = key & mask;
  while (counters_[at].generation != 0 && counters_[at].key != key) at = (at + 1) & mask;
  Counter& counter = counters_[at];
  if (counter.generation == 0) {
    ++counters_used_;
    counter = {.key = key, .n = start, .generation = generation};
  }
  if (is_stale(counter.generation, generation)) counter.n = start;
  counter.generation = generation;
  return counter;
}

void Choices::grow_or_prune(std::uint32_t generation) {
  std::vector<Counter> before;
  before.swap(counters_);
  const auto alive = static_cast<std::size_t>(
      std::count_if(before.begin(), before.end(), [&](const Counter& counter) {
        return counter.generation != 0 && !is_stale(counter.generation, generation);
      }));
  std::size_t size = kCountersStart;
  while (size < alive * 4) size *= 2;
  counters_.resize(size);
  counters_used_ = alive;
  for (const Counter& counter : before) {
    if (counter.generation == 0 || is_stale(counter.generation, generation)) continue;
    std::size_t at = counter.key & (size - 1);
    while (counters_[at].generation != 0) at = (at + 1) & (size - 1);
    counters_[at] = counter;
  }
}

std::int64_t Choices::one_of(const EventIdentity& who, Purpose purpose, std::int64_t low,
                             std::int64_t high, std::uint32_t index) {
  return std::clamp(range(who, purpose, low, high, index), low, high);
}

std::int64_t Choices::log_uniform(const EventIdentity& who, Purpose purpose, std::int64_t low,
                                  std::int64_t high, std::uint32_t index) {
  const std::uint64_t draw = bits(who.id, purpose, index);
  return decide(who, purpose, log_uniform_between(draw, low, high), low, index);
}

std::int64_t Choices::exponential(const EventIdentity& who, Purpose purpose, std::int64_t mean,
                                  std::uint32_t index) {
  const std::uint64_t draw = bits(who.id, purpose, index);
  return decide(who, purpose, millrace::exponential(draw, Duration{mean}).ns, 0, index);
}

bool Choices::hit(const EventIdentity& who, Purpose purpose, Ratio ratio, std::uint32_t index) {
  const std::uint64_t draw = bits(who.id, purpose, index);
  return decide(who, purpose, ratio.hit(draw) ? 1 : 0, 0, index) != 0;
}

std::int64_t Choices::decide_slowly(const EventIdentity& who, Purpose purpose,
                                    std::int64_t proposed, std::int64_t neutral,
                                    std::uint32_t index) {
  std::int64_t value = proposed;
  for (std::size_t i = 0; i < overrides_.size(); ++i) {
    if (!matches(overrides_[i], who, purpose, index)) continue;
    ++override_matches_[i];
    if (!overrides_[i].is_drawn) value = overrides_[i].value.value_or(neutral);
    break;
  }
  if (recorder_ != nullptr) {
    recorder_(recorder_context_, who,
              {.purpose = purpose, .index = index, .value = value, .neutral = neutral});
  }
  return value;
}

void Choices::set_recorder(Recorder recorder, void* context) {
  recorder_ = recorder;
  recorder_context_ = context;
  is_plain_ = overrides_.empty() && recorder == nullptr;
}

}  // namespace millrace::sim
