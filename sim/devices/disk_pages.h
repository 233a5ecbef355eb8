#pragma once

// The bytes of a file as pages that are shared until they are written.
//
// A page that was never written does not exist and reads as zeros, so a file with a gap costs only
// what is in it. A copy of a table shares its pages: an image of a whole disk costs pointers, and a
// power loss copies no content.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "system/base/bytes.h"

namespace millrace::sim {

/// What a disk writes at once, and what a power loss may keep or lose.
inline constexpr std::uint64_t kSectorBytes = 512;
/// What a cache holds and writes back as one.
inline constexpr std::uint64_t kPageBytes = 4096;
inline constexpr std::uint64_t kPageSectors = kPageBytes / kSectorBytes;
static_assert(kPageBytes % kSectorBytes == 0);

using Sector = std::array<std::byte, kSectorBytes>;

/// Sparse bytes in pages. Copies share pages.
class PageTable {
 public:
  /// Fills `target` with the bytes at `offset`; what was never written is zero.
  void read(std::uint64_t offset, std::span<std::byte> target) const;

  void write(std::uint64_t offset, ByteView bytes);

  /// Makes all bytes from `offset` on zero and frees their pages.
  void cut(std::uint64_t offset);

  /// Takes the bytes from `offset`, a multiple of kSectorBytes, to the end from `other`.
  void take_tail(const PageTable& other, std::uint64_t offset);

  /// Whether both read the same everywhere. Cost: O(pages), of bytes only where pages are not
  /// shared.
  bool same_bytes(const PageTable& other) const;

  /// Whether the page of this byte exists.
  bool has_page(std::uint64_t offset) const;

  void read_sector(std::uint64_t sector, Sector& target) const {
    read(sector * kSectorBytes, target);
  }
  void write_sector(std::uint64_t sector, const Sector& bytes) {
    write(sector * kSectorBytes, bytes);
  }

  /// Bytes of the pages that exist, shared or not.
  std::uint64_t live_bytes() const;

 private:
  using Page = std::array<std::byte, kPageBytes>;

  /// The page for writing: made where it is missing, copied where it is shared.
  Page& own(std::uint64_t index);

  // Shared: a disk and its images drop their pages in any order, and the last one frees them.
  std::vector<std::shared_ptr<Page>> pages_;
};

}  // namespace millrace::sim
