#include "system/base/codec.h"

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

#include "tests/system/base/checked.h"

namespace millrace {
namespace {

/// One field of a random record: which kind, and a value for it.
struct FieldSpec {
  int kind = 0;
  std::uint64_t number = 0;
  std::string text;
};

std::vector<FieldSpec> any_record() {
  const auto any_field = rc::gen::build<FieldSpec>(
      rc::gen::set(&FieldSpec::kind, rc::gen::inRange(0, 8)),
      rc::gen::set(&FieldSpec::number, rc::gen::arbitrary<std::uint64_t>()),
      rc::gen::set(&FieldSpec::text, rc::gen::arbitrary<std::string>()));
  return *rc::gen::nonEmpty(rc::gen::container<std::vector<FieldSpec>>(any_field));
}

void write(Writer& writer, const FieldSpec& field) {
  switch (field.kind) {
    case 0:
      return writer.u8(static_cast<std::uint8_t>(field.number));
    case 1:
      return writer.u16(static_cast<std::uint16_t>(field.number));
    case 2:
      return writer.u32(static_cast<std::uint32_t>(field.number));
    case 3:
      return writer.u64(field.number);
    case 4:
      return writer.i64(static_cast<std::int64_t>(field.number));
    case 5:
      return writer.boolean(field.number % 2 == 1);
    case 6:
      return writer.text(field.text);
    default:
      return writer.raw(as_bytes(field.text));
  }
}

/// Whether the next field of `reader` is `field`.
bool reads(Reader& reader, const FieldSpec& field) {
  switch (field.kind) {
    case 0:
      return reader.u8() == static_cast<std::uint8_t>(field.number);
    case 1:
      return reader.u16() == static_cast<std::uint16_t>(field.number);
    case 2:
      return reader.u32() == static_cast<std::uint32_t>(field.number);
    case 3:
      return reader.u64() == field.number;
    case 4:
      return reader.i64() == static_cast<std::int64_t>(field.number);
    case 5:
      return reader.boolean() == (field.number % 2 == 1);
    case 6:
      return reader.text(field.text.size()) == field.text;
    default:
      return as_text(reader.raw(field.text.size())) == field.text;
  }
}

Bytes encode(const std::vector<FieldSpec>& record) {
  Bytes out;
  Writer writer(out);
  for (const FieldSpec& field : record) write(writer, field);
  RC_ASSERT(writer.size() == out.size());
  return out;
}

RC_GTEST_PROP(Codec, reads_back_what_was_written, ()) {
  const std::vector<FieldSpec> record = any_record();
  const Bytes encoded = encode(record);

  Reader reader(encoded);
  for (const FieldSpec& field : record) RC_ASSERT(reads(reader, field));

  RC_ASSERT(reader.done("record").has_value());
}

// The input is copied into memory of exactly its size, so that a read past its end is also seen by
// the address sanitizer.
RC_GTEST_PROP(Codec, rejects_every_truncation_and_every_byte_too_many, ()) {
  const std::vector<FieldSpec> record = any_record();
  const Bytes encoded = encode(record);
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    const Bytes cut(encoded.begin(), encoded.begin() + static_cast<std::ptrdiff_t>(size));
    Reader reader(cut);
    for (const FieldSpec& field : record) static_cast<void>(reads(reader, field));
    RC_ASSERT(failed_with(reader.done("record"), Errc::kCorrupt));
  }

  Bytes longer = encoded;
  longer.push_back(std::byte{0});
  Reader reader(longer);
  for (const FieldSpec& field : record) static_cast<void>(reads(reader, field));
  RC_ASSERT(failed_with(reader.done("record"), Errc::kCorrupt));
}

RC_GTEST_PROP(Codec, never_reads_out_of_bounds_whatever_the_input_says, ()) {
  const auto noise = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
  const Bytes input = to_bytes(std::as_bytes(std::span(noise)));
  Reader reader(input);
  for (const FieldSpec& field : any_record()) {
    static_cast<void>(reads(reader, field));
    RC_ASSERT(reader.remaining() <= input.size());
  }
  RC_ASSERT(reader.done("noise").has_value() == (!reader.failed() && reader.remaining() == 0));
}

TEST(Codec, is_little_endian) {
  Bytes out;
  Writer writer(out);
  writer.u16(0x0102);
  writer.u32(0x03040506);
  writer.text("ab");
  EXPECT_EQ(as_text(out), std::string("\x02\x01\x06\x05\x04\x03\x02\0\0\0ab", 12));
}

TEST(Reader, gives_nothing_after_the_first_field_that_does_not_fit) {
  const Bytes input = to_bytes("\x01\x02\x03");
  Reader reader(input);
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_EQ(reader.u8(), 0) << "the two bytes left must not be read as something else";
  EXPECT_EQ(reader.raw(1).size(), 0U);
  EXPECT_TRUE(reader.failed());
}

TEST(Writer, writes_over_what_is_there_and_over_nothing_else) {
  Bytes out = to_bytes("head");
  Writer writer(out);
  writer.u32(0);
  writer.u8(7);

  writer.u32_at(4, 0x04030201);

  EXPECT_EQ(as_text(out), std::string_view("head\x01\x02\x03\x04\x07"));
  EXPECT_TRUE(broken_check([&] { writer.u32_at(6, 1); }));
  EXPECT_TRUE(broken_check([&] { writer.u32_at(10, 1); }));
}

TEST(Reader, refuses_a_length_above_the_bound_although_the_bytes_are_there) {
  Bytes out;
  Writer writer(out);
  writer.text("12345");

  Reader within(out);
  EXPECT_EQ(within.text(5), "12345");
  Reader above(out);
  EXPECT_EQ(above.text(4), "");
  EXPECT_TRUE(failed_with(above.done("name"), Errc::kCorrupt));
}

TEST(Reader, refuses_a_boolean_that_is_neither) {
  const Bytes input = to_bytes("\x02");
  Reader reader(input);
  EXPECT_FALSE(reader.boolean());
  EXPECT_TRUE(reader.failed());
}

TEST(Reader, names_what_it_read_in_its_error) {
  Reader empty((ByteView()));
  EXPECT_TRUE(empty.done("frame").has_value());
  empty.reject();
  const Result<void> done = empty.done("frame");
  ASSERT_TRUE(failed_with(done, Errc::kCorrupt));
  EXPECT_EQ(done.error().detail, "frame is cut short or malformed");
}

}  // namespace
}  // namespace millrace
