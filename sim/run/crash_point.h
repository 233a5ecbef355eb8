#pragma once

// Moments of a run at which a machine's power may fail, as a crash sweep enumerates them.
//
// A moment lies before, in the midst of, or after a request that changes the machine's disk. It
// holds what no sync covers by then: what a power loss has to decide about, and how it is named in
// the draws that do.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/anchor_sink.h"
#include "sim/kernel/identity.h"

namespace millrace::run {

/// Which moments a run keeps.
enum class CrashPointsKept : std::uint8_t {
  kNone,
  kAll,       ///< Of all servers, as long as faults are on.
  kRecovery,  ///< Of servers that lost power, until they have recovered.
  kLosses,    ///< None, but the power losses.
};

struct CrashPoint {
  struct DirtyPart {
    std::uint64_t sector = 0;
    std::uint64_t versions = 1;
    /// Bytes of the sector that the last write covered.
    std::uint32_t from = 0;
    std::uint32_t to = 0;

    friend bool operator==(const DirtyPart&, const DirtyPart&) = default;
  };
  struct File {
    sim::Where where;
    std::uint64_t size_changes = 0;
    std::vector<DirtyPart> sectors;

    friend bool operator==(const File&, const File&) = default;
  };

  std::string machine;
  /// "write container-0/0000000000000001.log"
  std::string what;
  sim::DiskPhase phase = sim::DiskPhase::kBefore;
  /// The operation of the plan in whose name the request was made, or 0.
  std::uint64_t operation = 0;
  /// Which of the machine's changes with this phase and, unless it is 0, this operation.
  std::uint32_t nth = 1;
  sim::Root root = {};
  /// Of a write.
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  /// Ordered disks: changes of names and sizes that no sync covers.
  std::uint64_t journal = 0;
  /// Nothing at all has happened since the moment before it: a crash would be the same.
  bool is_repeated = false;
  /// The machine is being formatted.
  bool is_formatting = false;
  /// Weak disks: where the fate of each unsynced change of a name is drawn.
  std::vector<sim::Where> names = {};
  /// Files with something unsynced, in the order of their names.
  std::vector<File> files = {};
  /// A hash of the disk that each shape (crash_shapes.h) leaves, in their order; none where several
  /// requests were under way.
  std::vector<std::uint64_t> images = {};

  friend bool operator==(const CrashPoint&, const CrashPoint&) = default;
};

/// A power loss that happened.
struct PowerLoss {
  std::string machine;
  /// moment_text() of the last change of its disk that it met; empty where there was none.
  std::string at;
  /// A hash of what it left on the disk.
  std::uint64_t image = 0;
  /// It came while the machine was formatted.
  bool is_formatting = false;

  friend bool operator==(const PowerLoss&, const PowerLoss&) = default;
};

/// "write container-0/0000000000000001.log under way"
std::string moment_text(const CrashPoint& point);

}  // namespace millrace::run
