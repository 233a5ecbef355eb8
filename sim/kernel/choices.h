#pragma once

// Every decision that the seed takes, keyed by the event that needs it.
//
// A draw is H(seed, event id, purpose, index): it does not depend on what was drawn before. Each
// kind of draw has a neutral value (no loss, the base latency, lateness 0), which an override can
// ask for; an override can also fix a value, or leave a draw to the seed that a later rule would
// decide. Overrides are rules over (root, kind, where, n, index), each part optional, so that they
// survive edits of the plan and of the code.

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/kernel/identity.h"
#include "system/base/draws.h"
#include "system/base/ratio.h"
#include "system/base/time.h"

namespace millrace::sim {

/// What a draw is for. One event draws at most once for a (purpose, index).
enum class Purpose : std::uint8_t {
  kCpuCost,        ///< How long a step keeps its machine busy.
  kLateness,       ///< How late the schedule lets an event run.
  kStrategy,       ///< Other choices of a scheduling strategy.
  kLatency,        ///< How long a frame or a packet is under way.
  kLoss,           ///< Whether it is lost, and how often.
  kConnect,        ///< How a connection attempt goes.
  kBreakArrives,   ///< How much still arrives when a connection breaks.
  kBreakLearns,    ///< When an end learns that its connection is broken.
  kDiskLatency,    ///< How long a disk request takes.
  kDiskStall,      ///< Whether and how long a disk stalls.
  kDiskError,      ///< Whether a request fails, and after which prefix.
  kCrashShape,     ///< Which unsynced data survives a power loss.
  kCrashSector,    ///< Which version of a sector survives.
  kTear,           ///< Where two versions of a sector meet.
  kCrashMetadata,  ///< Which directory changes survive.
  kDamage,         ///< Which stored bytes rot, and how.
  kClock,          ///< Rates, offsets and steps of clocks.
  kRandom,         ///< Env's Random.
  kFault,          ///< Times, places and sizes within a fault.
  kWorkload,       ///< Choices of a workload client.
};
inline constexpr int kPurposeCount = 20;

/// Whether a draw of this purpose says how long something takes, or what comes first: never what
/// happens. A schedule's own seed decides these alone.
constexpr bool is_timing(Purpose purpose) {
  constexpr std::uint32_t kTiming =
      1U << static_cast<int>(Purpose::kCpuCost) | 1U << static_cast<int>(Purpose::kLateness) |
      1U << static_cast<int>(Purpose::kStrategy) | 1U << static_cast<int>(Purpose::kLatency) |
      1U << static_cast<int>(Purpose::kDiskLatency) | 1U << static_cast<int>(Purpose::kDiskStall);
  return (kTiming >> static_cast<int>(purpose) & 1) != 0;
}

std::string_view to_text(Purpose purpose);
std::optional<Purpose> purpose_from_text(std::string_view name);

/// One rule: draws that match all its parts give `value`, or their neutral value. Of several rules
/// that match, the first decides.
struct Override {
  std::optional<Purpose> purpose;
  std::optional<Root> root;
  std::optional<EventKind> kind;
  std::optional<Where> where;
  std::optional<std::uint32_t> n;
  /// Which of the draws that one event makes for one purpose.
  std::optional<std::uint32_t> index = {};
  /// The drawn number (a latency in ns, 0 or 1 for a yes-or-no draw), from 0 to kValueMax; none
  /// stands for neutral.
  std::optional<std::int64_t> value = {};
  /// Leaves the draw to the seed, whatever later rules say; `value` is empty then.
  bool is_drawn = false;

  /// In ns nearly twelve days, longer than any run: a time that is later than others never wraps.
  static constexpr std::int64_t kValueMax = 1'000'000'000'000'000;

  friend bool operator==(const Override&, const Override&) = default;
};

/// Makes identities and draws. One a run.
class Choices {
 public:
  explicit Choices(std::uint64_t seed, std::vector<Override> overrides = {});
  /// As above, with another seed for the draws that are timing: see is_timing().
  Choices(std::uint64_t seed, std::uint64_t schedule_seed, std::vector<Override> overrides);
  Choices(const Choices&) = delete;
  Choices& operator=(const Choices&) = delete;

  std::uint64_t seed() const { return seed_; }

  /// The identity of the next event of this sort. Counts, for a boot from first_n() of its age on.
  /// `now` selects the counter's generation, too: a (root, kind, where) that rested for more than a
  /// minute or two of virtual time is forgotten, so that memory follows what is alive; its next
  /// event gets an n of the new generation. Cost: one probe of a hash table, for a boot two.
  EventIdentity identify(Root root, EventKind kind, Where where, SimTime now);

  /// An identity whose n the caller counts (a task's fired timers).
  static EventIdentity identify_counted(Root root, EventKind kind, Where where, std::uint32_t n) {
    return {.id = {mix(identity_key(root, kind, where), n)},
            .root = root,
            .where = where,
            .n = n,
            .kind = kind};
  }

  /// The lowest n of what goes on without an end at this age: it starts anew each 268 ms (2^28 ns).
  /// A plain count would go on for the whole run, and one poll more or less, after an operation was
  /// deleted, would give each later poll the draws of another one. Repeats after 4.9 hours.
  static std::uint32_t first_n(Duration age) {
    return static_cast<std::uint32_t>(age.ns >> kAgeUnitShift) & kAgeSliceMask;
  }

  /// 64 uniform bits, never overridden: for payloads and Env's Random.
  // Indices are spread before they are mixed in: consecutive words under one multiplier would be a
  // Weyl sequence, whose bits are biased where the multiplier is near a simple fraction of 2^64.
  std::uint64_t bits(EventId id, Purpose purpose, std::uint32_t index = 0) const {
    const std::uint64_t stream = static_cast<std::uint64_t>(purpose) << 32;
    return mix(mix(is_timing(purpose) ? schedule_seed_ : seed_, id.value),
               stream ^ index * 0x9E3779B97F4A7C15ULL);
  }

  /// Uniform in [low, high]; neutral is `low`.
  std::int64_t range(const EventIdentity& who, Purpose purpose, std::int64_t low, std::int64_t high,
                     std::uint32_t index = 0) {
    const std::uint64_t draw = bits(who.id, purpose, index);
    return decide(who, purpose, uniform_between(draw, low, high), low, index);
  }
  /// As range(), for one of several things: an override's value beyond them counts as the last.
  std::int64_t one_of(const EventIdentity& who, Purpose purpose, std::int64_t low,
                      std::int64_t high, std::uint32_t index = 0);
  /// Log-uniform in [low, high] with low >= 1; neutral is `low`.
  std::int64_t log_uniform(const EventIdentity& who, Purpose purpose, std::int64_t low,
                           std::int64_t high, std::uint32_t index = 0);
  /// Exponential with this mean, see base/draws.h; neutral is 0.
  std::int64_t exponential(const EventIdentity& who, Purpose purpose, std::int64_t mean,
                           std::uint32_t index = 0);
  /// Yes with this probability; neutral is no.
  bool hit(const EventIdentity& who, Purpose purpose, Ratio ratio, std::uint32_t index = 0);

  /// `proposed`, unless an override decides otherwise: for values that a strategy computes.
  std::int64_t decide(const EventIdentity& who, Purpose purpose, std::int64_t proposed,
                      std::int64_t neutral, std::uint32_t index = 0) {
    if (is_plain_) [[likely]]
      return proposed;
    return decide_slowly(who, purpose, proposed, neutral, index);
  }

  /// How many draws each override decided, in the order of the rules.
  const std::vector<std::uint64_t>& override_matches() const { return override_matches_; }
  bool has_overrides() const { return !overrides_.empty(); }

  /// A draw, with the value that was decided and the neutral one.
  struct Draw {
    Purpose purpose;
    std::uint32_t index;
    std::int64_t value;
    std::int64_t neutral;
  };
  /// Called for every draw but bits(): for whoever compares or takes back the draws of a run.
  using Recorder = void (*)(void* context, const EventIdentity& who, const Draw& draw);
  void set_recorder(Recorder recorder, void* context);

 private:
  // Ages are counted in 4,096 ns, so that 16 bits of them are a slice of 2^28 ns, and 16 bits are
  // left for what happens within one. A count beyond them goes on into the next slice.
  static constexpr int kAgeUnitShift = 12;
  static constexpr std::uint32_t kAgeSliceMask = 0xFFFF0000;

  struct Counter {
    std::uint64_t key = 0;
    std::uint32_t n = 0;           // For a boot's own entry: when it began, in units of age.
    std::uint32_t generation = 0;  // 0 marks a free entry.
  };

  static std::uint64_t identity_key(Root root, EventKind kind, Where where) {
    return mix(mix(root.value, where.value), static_cast<std::uint64_t>(kind));
  }

  std::int64_t decide_slowly(const EventIdentity& who, Purpose purpose, std::int64_t proposed,
                             std::int64_t neutral, std::uint32_t index);
  Counter& counter_of(std::uint64_t key, std::uint32_t generation, std::uint32_t start);
  std::uint32_t first_n_of(Root boot, SimTime now);
  void grow_or_prune(std::uint32_t generation);

  std::uint64_t seed_;
  std::uint64_t schedule_seed_;
  std::vector<Override> overrides_;
  std::vector<std::uint64_t> override_matches_;
  Recorder recorder_ = nullptr;
  void* recorder_context_ = nullptr;
  std::vector<Counter> counters_;
  std::size_t counters_used_ = 0;
  bool is_plain_ = true;  // No override and no recorder: draws are decided as proposed.
};

}  // namespace millrace::sim
