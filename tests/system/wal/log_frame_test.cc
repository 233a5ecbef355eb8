#include "system/wal/log_frame.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

#include "system/base/bytes.h"

namespace millrace::wal {
namespace {

constexpr std::uint64_t kLogId = 0x1122334455667788;

FrameHeader header_at(std::uint64_t first) {
  return {.log_id = kLogId,
          .epoch = 3,
          .first = LogAddress(first),
          .start = LogAddress(2),
          .record_count = 0};
}

std::vector<Bytes> three_records() {
  return {to_bytes(std::string_view("one")), Bytes{}, to_bytes(std::string_view("three"))};
}

RC_GTEST_PROP(LogFrame, gives_back_what_was_written, ()) {
  const auto texts = *rc::gen::arbitrary<std::vector<std::string>>();
  std::vector<Bytes> records;
  for (const std::string& text : texts) records.push_back(to_bytes(std::string_view(text)));

  Bytes bytes = encode_frame(header_at(9), records);
  const std::size_t size = bytes.size();
  append(bytes, as_bytes("the next frame"));
  const auto frame = decode_frame(bytes, kLogId);

  RC_ASSERT(frame.has_value());
  RC_ASSERT(frame->bytes == size);
  RC_ASSERT(frame->end().value() == 9 + records.size());
  RC_ASSERT(frame->records.size() == records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    RC_ASSERT(to_bytes(frame->records[i]) == records[i]);
  }
}

TEST(LogFrame, has_the_documented_bytes) {
  const Bytes bytes = encode_frame({.log_id = 0x0807060504030201,
                                    .epoch = 2,
                                    .first = LogAddress(7),
                                    .start = LogAddress(5),
                                    .record_count = 0},
                                   std::vector<Bytes>{to_bytes(std::string_view("abc"))});

  // docs/formats/log.md shows the same frame.
  const std::string expected =
      "4d524c47"  // magic
      "edf5509c"  // checksum
      "0100"
      "0000"              // version, reserved
      "07000000"          // payload bytes
      "01000000"          // records
      "0102030405060708"  // log id
      "0200000000000000"  // epoch
      "0700000000000000"  // first
      "0500000000000000"  // start
      "03000000"
      "616263";
  std::string hex;
  for (const std::byte byte : bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[std::to_integer<unsigned>(byte) >> 4];
    hex += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  EXPECT_EQ(hex, expected);
}

// A batch takes one more record as long as it is not full, and each record may be the largest.
TEST(LogFrame, holds_a_batch_that_the_largest_record_overfills) {
  const std::vector<Bytes> records{Bytes(kRecordBytesMax - 5), Bytes(kRecordBytesMax)};

  const Bytes bytes = encode_frame(header_at(1), records);

  ASSERT_LT(framed_record_bytes(records.front().size()), kRecordBytesMax);
  const auto frame = decode_frame(bytes, kLogId);
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->records.back().size(), kRecordBytesMax);
}

TEST(LogFrame, cut_anywhere_is_no_frame) {
  const Bytes bytes = encode_frame(header_at(1), three_records());

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_frame(ByteView(bytes).first(size), kLogId).has_value()) << size;
  }
}

TEST(LogFrame, with_any_bit_flipped_is_no_frame) {
  const Bytes good = encode_frame(header_at(1), three_records());

  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= std::byte(1U << (bit % 8));
    EXPECT_FALSE(decode_frame(bad, kLogId).has_value()) << bit;
  }
}

TEST(LogFrame, of_another_log_is_no_frame) {
  const Bytes bytes = encode_frame(header_at(1), three_records());

  EXPECT_FALSE(decode_frame(bytes, kLogId + 1).has_value());
}

TEST(LogFrame, is_found_behind_garbage_when_it_does_not_come_before_the_wanted_record) {
  Bytes bytes = to_bytes(std::string_view("MRLG and MRLG, but no frame"));
  const std::size_t offset = bytes.size();
  append(bytes, encode_frame(header_at(8), three_records()));

  EXPECT_EQ(find_frame(bytes, 0, kLogId, LogAddress(8)), offset);
  EXPECT_EQ(find_frame(bytes, 1, kLogId, LogAddress(7)), offset);
  // An older frame may stand in a stored record, or where a disk put it by mistake.
  EXPECT_FALSE(find_frame(bytes, 0, kLogId, LogAddress(9)).has_value());
  EXPECT_FALSE(find_frame(bytes, offset + 1, kLogId, LogAddress(8)).has_value());
  EXPECT_FALSE(find_frame(bytes, bytes.size(), kLogId, LogAddress(8)).has_value());
}

}  // namespace
}  // namespace millrace::wal
