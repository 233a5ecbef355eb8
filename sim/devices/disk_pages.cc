#include "sim/devices/disk_pages.h"

#include <algorithm>

#include "system/base/check.h"

namespace millrace::sim {

void PageTable::read(std::uint64_t offset, std::span<std::byte> target) const {
  while (!target.empty()) {
    const std::uint64_t index = offset / kPageBytes;
    const std::uint64_t within = offset % kPageBytes;
    const std::size_t size = std::min<std::size_t>(target.size(), kPageBytes - within);
    if (index < pages_.size() && pages_[index] != nullptr) {
      const auto from = pages_[index]->begin() + static_cast<std::ptrdiff_t>(within);
      std::copy_n(from, size, target.begin());
    } else {
      std::ranges::fill(target.first(size), std::byte{0});
    }
    target = target.subspan(size);
    offset += size;
  }
}

void PageTable::write(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const std::uint64_t within = offset % kPageBytes;
    const std::size_t size = std::min<std::size_t>(bytes.size(), kPageBytes - within);
    Page& page = own(offset / kPageBytes);
    std::ranges::copy(bytes.first(size), page.begin() + static_cast<std::ptrdiff_t>(within));
    bytes = bytes.subspan(size);
    offset += size;
  }
}

void PageTable::cut(std::uint64_t offset) {
  const std::uint64_t index = offset / kPageBytes;
  const std::uint64_t within = offset % kPageBytes;
  if (index >= pages_.size()) return;
  if (within != 0 && pages_[index] != nullptr) {
    Page& page = own(index);
    std::fill(page.begin() + static_cast<std::ptrdiff_t>(within), page.end(), std::byte{0});
  }
  pages_.resize(within == 0 ? index : index + 1);
}

void PageTable::take_tail(const PageTable& other, std::uint64_t offset) {
  CHECK(offset % kSectorBytes == 0, "a tail starts with a sector");
  cut(offset);
  const std::uint64_t first_whole = (offset + kPageBytes - 1) / kPageBytes;
  if (offset % kPageBytes != 0 && other.has_page(offset)) {
    const Page& page = *other.pages_[offset / kPageBytes];
    write(offset, ByteView(page).subspan(offset % kPageBytes));
  }
  if (first_whole >= other.pages_.size()) return;
  pages_.resize(first_whole);
  pages_.insert(pages_.end(), other.pages_.begin() + static_cast<std::ptrdiff_t>(first_whole),
                other.pages_.end());
}

bool PageTable::same_bytes(const PageTable& other) const {
  const Page zeros{};
  const std::size_t count = std::max(pages_.size(), other.pages_.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Page* mine = i < pages_.size() ? pages_[i].get() : nullptr;
    const Page* theirs = i < other.pages_.size() ? other.pages_[i].get() : nullptr;
    if (mine == theirs) continue;
    if ((mine == nullptr ? zeros : *mine) != (theirs == nullptr ? zeros : *theirs)) return false;
  }
  return true;
}

bool PageTable::has_page(std::uint64_t offset) const {
  const std::uint64_t index = offset / kPageBytes;
  return index < pages_.size() && pages_[index] != nullptr;
}

std::uint64_t PageTable::live_bytes() const {
  const auto live = std::ranges::count_if(pages_, [](const auto& page) { return page != nullptr; });
  return static_cast<std::uint64_t>(live) * kPageBytes;
}

PageTable::Page& PageTable::own(std::uint64_t index) {
  if (index >= pages_.size()) pages_.resize(index + 1);
  std::shared_ptr<Page>& page = pages_[index];
  if (page == nullptr) {
    page = std::make_shared<Page>();
  } else if (page.use_count() > 1) {
    page = std::make_shared<Page>(*page);
  }
  return *page;
}

}  // namespace millrace::sim
