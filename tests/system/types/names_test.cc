#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "system/base/codec.h"
#include "system/types/segment_id.h"
#include "system/types/stream_name.h"
#include "system/types/writer_id.h"

namespace millrace {
namespace {

TEST(StreamName, has_1_to_64_plain_characters) {
  EXPECT_TRUE(StreamName::parse("orders-2.eu_1").has_value());
  EXPECT_TRUE(StreamName::parse(std::string(64, 'a')).has_value());
  for (const std::string_view bad : {"", "Orders", "a/b", "a b", "\xc3\xa9"}) {
    EXPECT_TRUE(failed_with(StreamName::parse(bad), Errc::kInvalid)) << bad;
  }
  EXPECT_TRUE(failed_with(StreamName::parse(std::string(65, 'a')), Errc::kInvalid));
}

TEST(SegmentId, is_read_back_from_its_text) {
  const SegmentId segment{.stream = *StreamName::parse("orders"), .number = 42};

  EXPECT_EQ(to_text(segment), "orders/42");
  EXPECT_EQ(*parse_segment_id("orders/42"), segment);
  EXPECT_EQ(parse_segment_id("orders/4294967295")->number, 4294967295U);
}

TEST(SegmentId, has_one_spelling) {
  for (const std::string_view bad :
       {"orders", "orders/", "/1", "orders/x", "orders/1x", "orders/-1", "orders/+1", "orders/01",
        "orders/4294967296", "orders/1/2", "orders/ 1"}) {
    EXPECT_TRUE(failed_with(parse_segment_id(bad), Errc::kInvalid)) << bad;
  }
}

TEST(SegmentId, is_read_back_from_its_bytes_and_nothing_else) {
  const SegmentId segment{.stream = *StreamName::parse("orders"), .number = 42};
  Bytes bytes;
  Writer out(bytes);
  encode(out, segment);

  Reader in(bytes);
  EXPECT_EQ(decode_segment_id(in), segment);
  EXPECT_TRUE(in.done("segment").has_value());

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Reader cut(ByteView(bytes).first(size));
    decode_segment_id(cut);
    EXPECT_TRUE(cut.failed()) << size;
  }
  bytes[4] = std::byte{'/'};
  Reader bad(bytes);
  decode_segment_id(bad);
  EXPECT_TRUE(bad.failed());
}

TEST(WriterId, is_32_digits_and_16_bytes) {
  const WriterId writer{.high = 0x0123456789abcdef, .low = 10};
  Bytes bytes;
  Writer out(bytes);
  encode(out, writer);

  EXPECT_EQ(to_text(writer), "0123456789abcdef000000000000000a");
  EXPECT_EQ(bytes.size(), 16U);
  Reader in(bytes);
  EXPECT_EQ(decode_writer_id(in), writer);
}

}  // namespace
}  // namespace millrace
