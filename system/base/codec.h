#pragma once

// A bounded little-endian writer and reader for everything that is stored or sent.
//
// Encodings are written field by field; nothing ever copies a struct's raw bytes. A Reader never
// trusts its input: the first field that does not fit makes it fail for good, every later read
// gives zero or nothing, and one `done()` at the end tells whether all of it was there.

#include <cstdint>
#include <string>
#include <string_view>

#include "system/base/bytes.h"
#include "system/base/result.h"

namespace millrace {

/// Appends fields to a buffer that the caller owns and that outlives the writer.
class Writer {
 public:
  /// Room for the fields of nearly every encoding, but for data of any length in it.
  static constexpr std::size_t kReservedBytes = 128;

  explicit Writer(Bytes& out) : out_(out) {
    // Most encodings are small: one allocation instead of one for each doubling.
    if (out.capacity() == 0) out.reserve(kReservedBytes);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void u8(std::uint8_t value);
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);
  void i64(std::int64_t value) { u64(static_cast<std::uint64_t>(value)); }
  void boolean(bool value) { u8(value ? 1 : 0); }

  /// A 32-bit length and the bytes. The caller keeps below 4 GiB (checked).
  void bytes(ByteView value);
  void text(std::string_view value) { bytes(as_bytes(value)); }

  /// The bytes without a length.
  void raw(ByteView value) { append(out_, value); }

  /// Writes over four bytes that are there already (checked): for what is known only later.
  void u32_at(std::size_t offset, std::uint32_t value);

  std::size_t size() const { return out_.size(); }

 private:
  Bytes& out_;
};

/// Reads fields from bytes that outlive it.
class Reader {
 public:
  explicit Reader(ByteView in) : rest_(in) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  /// Fails on anything but 0 and 1.
  bool boolean();

  /// A length and bytes; borrowed from the input. Fails above `bytes_max`.
  ByteView bytes(std::size_t bytes_max);
  std::string text(std::size_t bytes_max);
  /// Exactly `size` bytes.
  ByteView raw(std::size_t size);

  /// Marks the input as bad, for a value that was read but makes no sense.
  void reject() { failed_ = true; }
  bool failed() const { return failed_; }
  std::size_t remaining() const { return rest_.size(); }

  /// Success when every read succeeded and nothing is left.
  /// Errors: kCorrupt, with `what` in the detail.
  Result<void> done(std::string_view what) const;

 private:
  ByteView take(std::size_t size);

  ByteView rest_;
  bool failed_ = false;
};

}  // namespace millrace
