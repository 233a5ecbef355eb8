#include "system/types/routing.h"

#include <algorithm>
#include <limits>
#include <murmurhash.h>
#include <utility>

#include "system/base/bytes.h"
#include "system/base/check.h"

namespace millrace {
namespace {

// What Java's String.hashCode gives for "EventRouter".
constexpr std::uint32_t kHashSeed = 0x67d2c263;

constexpr std::uint32_t kReplacement = 0xfffd;

// A decoded character and the number of bytes that it took.
struct CodePoint {
  std::uint32_t value = kReplacement;
  std::size_t bytes = 1;
};

// The first character of `text`, which is not empty. Anything that is not legal UTF-8 (overlong
// forms, surrogates, values beyond Unicode, cut sequences) is one replacement character a byte.
CodePoint decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t index) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[index]));
  };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {.value = first, .bytes = 1};

  struct Form {
    std::uint32_t mask, lead, smallest;
    std::size_t bytes;
  };
  static constexpr Form kForms[] = {
      {0xe0, 0xc0, 0x80, 2}, {0xf0, 0xe0, 0x800, 3}, {0xf8, 0xf0, 0x10000, 4}};
  for (const Form& form : kForms) {
    if ((first & form.mask) != form.lead) continue;
    if (text.size() < form.bytes) return {};
    std::uint32_t value = first & ~form.mask;
    for (std::size_t i = 1; i < form.bytes; ++i) {
      if ((byte(i) & 0xc0) != 0x80) return {};
      value = (value << 6) | (byte(i) & 0x3f);
    }
    const bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < form.smallest || value > 0x10ffff || is_surrogate) return {};
    return {.value = value, .bytes = form.bytes};
  }
  return {};
}

void append_code_unit(Bytes& out, std::uint32_t unit) {
  out.push_back(static_cast<std::byte>(unit & 0xff));
  out.push_back(static_cast<std::byte>(unit >> 8));
}

Bytes utf16_bytes(std::string_view key) {
  Bytes units;
  units.reserve(key.size() * 2);
  while (!key.empty()) {
    const CodePoint point = decode_utf8(key);
    key.remove_prefix(point.bytes);
    if (point.value < 0x10000) {
      append_code_unit(units, point.value);
    } else {
      append_code_unit(units, 0xd800 + ((point.value - 0x10000) >> 10));
      append_code_unit(units, 0xdc00 + ((point.value - 0x10000) & 0x3ff));
    }
  }
  return units;
}

}  // namespace

KeyHash hash_routing_key(std::string_view key) {
  const Bytes units = utf16_bytes(key);
  CHECK(units.size() <= std::numeric_limits<int>::max(), "a routing key fits into a frame");
  std::uint64_t hash[2] = {};
  lmmh_x64_128(units.data(), static_cast<unsigned int>(units.size()), kHashSeed, hash);
  return KeyHash((hash[0] >> 12) & (kKeySpace - 1));
}

SegmentMap SegmentMap::equal_split(const StreamName& stream, std::uint32_t count) {
  CHECK(count >= 1, "a stream has a segment");
  CHECK(count <= 1U << 20, "a stream has a bounded number of segments");
  std::vector<Entry> entries;
  entries.reserve(count);
  // The first `rest` ranges are one hash wider, so that no product can overflow.
  const std::uint64_t width = kKeySpace / count;
  const std::uint64_t rest = kKeySpace % count;
  std::uint64_t low = 0;
  for (std::uint32_t number = 0; number < count; ++number) {
    const std::uint64_t high = low + width + (number < rest ? 1 : 0);
    entries.push_back(
        {.range = {.low = low, .high = high}, .segment = {.stream = stream, .number = number}});
    low = high;
  }
  CHECK(low == kKeySpace, "the ranges cover the key space");
  return SegmentMap(std::move(entries));
}

const SegmentId& SegmentMap::segment_of(KeyHash hash) const {
  CHECK(hash.value() < kKeySpace, "a key hash has 52 bits");
  const auto found = std::ranges::lower_bound(entries_, hash.value(), {},
                                              [](const Entry& entry) { return entry.range.high; });
  CHECK(found != entries_.end(), "the ranges cover the key space");
  CHECK(found->range.contains(hash), "the ranges leave no gap");
  return found->segment;
}

}  // namespace millrace
