#include "system/base/codec.h"

#include <limits>

#include "system/base/check.h"

namespace millrace {
namespace {

template <typename T>
void encode(std::byte* encoded, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    encoded[i] = static_cast<std::byte>(value >> (8 * i));
  }
}

template <typename T>
void put(Bytes& out, T value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof(T));
  encode(out.data() + at, value);
}

template <typename T>
T get(ByteView bytes) {
  if (bytes.size() != sizeof(T)) return 0;
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes[i]) << (8 * i)));
  }
  return value;
}

}  // namespace

void Writer::u8(std::uint8_t value) { put(out_, value); }
void Writer::u16(std::uint16_t value) { put(out_, value); }
void Writer::u32(std::uint32_t value) { put(out_, value); }
void Writer::u64(std::uint64_t value) { put(out_, value); }

void Writer::bytes(ByteView value) {
  CHECK(value.size() <= std::numeric_limits<std::uint32_t>::max(), "a length has 32 bits");
  u32(static_cast<std::uint32_t>(value.size()));
  raw(value);
}

void Writer::u32_at(std::size_t offset, std::uint32_t value) {
  CHECK(offset <= out_.size(), "it begins in what is written");
  CHECK(out_.size() - offset >= sizeof(value), "and ends in it");
  encode(out_.data() + offset, value);
}

std::uint8_t Reader::u8() { return get<std::uint8_t>(take(1)); }
std::uint16_t Reader::u16() { return get<std::uint16_t>(take(2)); }
std::uint32_t Reader::u32() { return get<std::uint32_t>(take(4)); }
std::uint64_t Reader::u64() { return get<std::uint64_t>(take(8)); }

bool Reader::boolean() {
  const std::uint8_t value = u8();
  if (value > 1) reject();
  return value == 1;
}

ByteView Reader::bytes(std::size_t bytes_max) {
  const std::size_t size = u32();
  if (size > bytes_max) reject();
  return take(size);
}

std::string Reader::text(std::size_t bytes_max) { return std::string(as_text(bytes(bytes_max))); }

ByteView Reader::raw(std::size_t size) { return take(size); }

Result<void> Reader::done(std::string_view what) const {
  if (failed_) return fail(Errc::kCorrupt, std::string(what) + " is cut short or malformed");
  if (!rest_.empty()) return fail(Errc::kCorrupt, std::string(what) + " has bytes behind its end");
  return {};
}

ByteView Reader::take(std::size_t size) {
  if (failed_ || size > rest_.size()) {
    failed_ = true;
    return {};
  }
  const ByteView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

}  // namespace millrace
