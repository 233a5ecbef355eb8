#include "quorum/codec.h"

#include <gtest/gtest.h>

namespace quorum {
namespace {

using millrace::Errc;

const Cell kCell{.version = {.number = 3, .operation = 17}, .value = 99};
const Request kPut{.kind = RequestKind::kPut, .key = 5, .cell = kCell};
const Record kRecord{.key = 5, .cell = kCell};

TEST(Codec, returns_what_was_encoded) {
  EXPECT_EQ(*decode_request(encode(kPut)), kPut);
  EXPECT_EQ(*decode_cell(encode(kCell)), kCell);
  EXPECT_EQ(*decode_record(encode(kRecord)), kRecord);
}

TEST(Codec, refuses_every_shorter_and_longer_frame) {
  const Bytes whole = encode(kPut);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(failed_with(decode_request(ByteView(whole).first(size)), Errc::kCorrupt)) << size;
  }

  Bytes longer = whole;
  longer.push_back(std::byte{0});
  EXPECT_TRUE(failed_with(decode_request(longer), Errc::kCorrupt));
}

TEST(Codec, refuses_frames_of_another_sort) {
  EXPECT_TRUE(failed_with(decode_request(encode(kCell)), Errc::kCorrupt));
  EXPECT_TRUE(failed_with(decode_cell(encode(kPut)), Errc::kCorrupt));
}

TEST(Codec, notices_every_flipped_bit_of_a_record) {
  for (std::size_t bit = 0; bit < kRecordBytes * 8; ++bit) {
    Bytes bytes = encode(kRecord);
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_TRUE(failed_with(decode_record(bytes), Errc::kCorrupt)) << bit;
  }
}

TEST(Codec, names_frames_for_people) {
  EXPECT_EQ(name_frame(encode(kPut)), "put 5 := 99");
  EXPECT_EQ(name_frame(encode(Request{.kind = RequestKind::kGet, .key = 5, .cell = {}})), "get 5");
  EXPECT_EQ(name_frame(encode(kCell)), "cell 3.17");
}

}  // namespace
}  // namespace quorum
