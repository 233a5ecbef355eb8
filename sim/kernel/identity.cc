#include "sim/kernel/identity.h"

#include <xxhash.h>

#include "system/base/check.h"

namespace millrace::sim {

std::uint64_t hash_name(std::string_view name) { return XXH3_64bits(name.data(), name.size()); }

Root boot_root(std::string_view machine, Root cause) {
  return {mix(mix(0x626F6F74, hash_name(machine)), cause.value) | 1};
}

std::string_view to_text(EventKind kind) {
  switch (kind) {
    case EventKind::kSpawn:
      return "spawn";
    case EventKind::kWake:
      return "wake";
    case EventKind::kTimer:
      return "timer";
    case EventKind::kDeliver:
      return "deliver";
    case EventKind::kDisk:
      return "disk";
    case EventKind::kFault:
      return "fault";
    case EventKind::kControl:
      return "control";
  }
  UNREACHABLE("an event kind outside its list");
}

Where where_of(std::string_view first, std::string_view second, std::string_view third) {
  return {mix(mix(hash_name(first), hash_name(second)), hash_name(third))};
}

}  // namespace millrace::sim
