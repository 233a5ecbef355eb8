#pragma once

// Identities: what an event is, in words that survive deleting operations and editing code.
//
// Every event gets id = H(root, kind, where, n). The root is the plan entry in whose name it
// happens (an operation, a fault, a boot), `where` is made of names, and n counts earlier events
// with the same three; what a boot does goes on for the whole run, so there n starts anew with each
// quarter of a second of the boot's age (see Choices::first_n). Every random draw is keyed by the
// id of the event that needs it, so a draw moves only when its own cause changes. No index,
// address, global counter or set size ever enters a key.

#include <cstdint>
#include <string_view>

#include "system/base/time.h"

namespace millrace::sim {

/// An instant of the simulated universe, in nanoseconds since the start of the run. Machines never
/// see it; they have clocks.
struct SimTime {
  std::int64_t ns = 0;

  static constexpr SimTime max() { return {Instant::max().ns}; }

  friend constexpr auto operator<=>(const SimTime&, const SimTime&) = default;
  friend constexpr SimTime operator+(SimTime t, Duration d) { return {t.ns + d.ns}; }
  friend constexpr SimTime operator-(SimTime t, Duration d) { return {t.ns - d.ns}; }
  friend constexpr Duration operator-(SimTime a, SimTime b) { return {a.ns - b.ns}; }
};

/// Mixes two words. Fast, and good enough that its output needs no finaliser.
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a ^ 0x9E3779B97F4A7C15ULL) * (b ^ 0xE7037ED1A0B428DBULL);
  const std::uint64_t folded =
      static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  return (folded ^ (folded >> 29)) * 0xBF58476D1CE4E5B9ULL;
}

/// A hash of a name, the same in every build.
std::uint64_t hash_name(std::string_view name);

/// The plan entry in whose name something happens.
struct Root {
  /// The lowest bit tells boots from the entries that the plan lists.
  std::uint64_t value = 0;
  friend constexpr bool operator==(const Root&, const Root&) = default;
};

/// The root of a client operation, by its id in the plan.
constexpr Root operation_root(std::uint64_t operation_id) {
  return {mix(0x6F70, operation_id) & ~std::uint64_t{1}};
}
/// The root of a fault, by its id in the plan.
constexpr Root fault_root(std::uint64_t fault_id) {
  return {mix(0x6661756C74, fault_id) & ~std::uint64_t{1}};
}
/// The root of what a machine does by itself after a boot. `cause` is the fault that restarted it,
/// or the root with value 0 for the first boot.
Root boot_root(std::string_view machine, Root cause);
constexpr bool is_boot(Root root) { return (root.value & 1) != 0; }

/// What sort of thing happens.
enum class EventKind : std::uint8_t {
  kSpawn,    ///< A task's first step.
  kWake,     ///< A task was unparked or cancelled by another task.
  kTimer,    ///< A task's deadline passed.
  kDeliver,  ///< Something arrives over the network.
  kDisk,     ///< A disk completes a request.
  kFault,    ///< A fault fires or heals.
  kControl,  ///< The run's own doing: phases, boots, operations of a plan.
};
inline constexpr int kEventKindCount = 7;

std::string_view to_text(EventKind kind);

/// Names of the place where an event happens, hashed.
struct Where {
  std::uint64_t value = 0;
  friend constexpr bool operator==(const Where&, const Where&) = default;
};

/// The place named by one to three names, e.g. (machine, task) or (source, destination).
Where where_of(std::string_view first, std::string_view second = {}, std::string_view third = {});

struct EventId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const EventId&, const EventId&) = default;
};

/// An event's id with the parts it was made of.
struct EventIdentity {
  EventId id;
  Root root;
  Where where;
  std::uint32_t n = 0;
  EventKind kind = EventKind::kControl;
};

}  // namespace millrace::sim
