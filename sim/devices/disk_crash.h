#pragma once

// What a power loss leaves of data that no sync covered.
//
// For each file a shape is drawn: which of its unsynced sectors reach the medium at all. Then, for
// each sector that does, which of the versions written since the last sync, and whether it is torn:
// two versions meet at a byte inside what the younger write covered. Synced sectors are not
// touched, so the cost follows what is unsynced. Source of the shapes: bugs need either almost
// everything or almost nothing to survive; independent coins of one probability nearly never give
// such patterns over many sectors.

#include <cstdint>
#include <string_view>

#include "sim/kernel/choices.h"
#include "system/base/ratio.h"

namespace millrace::sim {

class FileImage;

/// Which unsynced sectors of a file reach the medium.
enum class CrashShape : std::uint8_t {
  kAll,
  kNone,
  kPrefix,  ///< In the order of their offsets.
  kAllButOne,
  kOnlyOne,
  kFewIndependent,   ///< Each with 1/8.
  kHalfIndependent,  ///< Each with 1/2.
  kMostIndependent,  ///< Each with 7/8.
};
inline constexpr int kCrashShapeCount = 8;

/// "all", "none", "prefix", "all_but_one", ...
std::string_view to_text(CrashShape shape);

/// Which changes of names and sizes outlive a power loss.
enum class NameOrder : std::uint8_t {
  kOrdered,  ///< As ext4 and xfs: a prefix of one journal; a completed sync carries all before it.
  kWeak,     ///< Names independent of each other; a file's sync does not carry its name.
};

/// "ordered", "weak".
std::string_view to_text(NameOrder order);

/// What the draws of a power loss may choose from.
struct Survival {
  /// Allowed shapes, one bit each; kAll is always among them (checked): it is the neutral value.
  std::uint32_t shapes = (1U << kCrashShapeCount) - 1;
  /// Whether an older version than the last may survive.
  bool versions = true;
  /// How many of the surviving sectors are torn.
  Ratio tear = {1, 4};
  /// Whether unsynced sizes and names may be lost.
  bool metadata = true;

  /// Everything that was written survives: a power loss that only costs time.
  static constexpr Survival kept() { return {1, false, Ratio::never(), false}; }
  /// Whole sectors, no gaps: all, none or a prefix.
  static constexpr Survival mild() { return {0b111, false, Ratio::never(), true}; }
  /// Something mostly survives, and most of it is torn: a power loss in the midst of a write.
  static constexpr Survival torn() {
    constexpr std::uint32_t kNoneBit = 1U << static_cast<unsigned>(CrashShape::kNone);
    return {((1U << kCrashShapeCount) - 1) & ~kNoneBit, true, {3, 4}, true};
  }
  /// All shapes, whole sectors.
  static constexpr Survival untorn() {
    return {(1U << kCrashShapeCount) - 1, true, Ratio::never(), true};
  }
};

/// What a power loss did to one file, or to a whole disk.
struct CrashReport {
  std::uint64_t sectors_lost =
      0;  ///< Unsynced sectors of which nothing, or not the last, survived.
  std::uint64_t sectors_torn = 0;  ///< Sectors that are neither of two versions.
  std::uint64_t sizes_lost = 0;
  std::uint64_t names_lost = 0;
  std::uint64_t first_sector_lost = 0;  ///< Of one file, where there is one.

  bool lost_anything() const { return sectors_lost + sectors_torn + sizes_lost + names_lost != 0; }
  /// Adds counts.
  CrashReport& operator+=(const CrashReport& other);
  friend bool operator==(const CrashReport&, const CrashReport&) = default;
};

/// Draws what survives of the unsynced sectors of `image`, whose size is settled already, and
/// leaves it clean. `who` is this file's part of the fault. Cost: O(unsynced sectors).
CrashReport lose_power(FileImage& image, Choices& choices, const EventIdentity& who,
                       const Survival& survival);

/// How many of `count` unsynced size changes of a file are lost, from the youngest on.
std::uint64_t draw_lost_changes(Choices& choices, const EventIdentity& who,
                                const Survival& survival, std::uint64_t count);

}  // namespace millrace::sim
