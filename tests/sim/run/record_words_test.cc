#include "sim/run/record_words.h"

#include <cstdint>
#include <gtest/gtest.h>

#include "sim/run/record.h"

namespace millrace::run {
namespace {

struct SegmentSealed {
  std::string segment;
  std::uint64_t start_offset = 0;
  std::uint64_t digest = 0;
  bool is_empty = false;
  bool has_offset = false;
  std::string why;

  static constexpr auto fields = millrace::fields(
      "segment", &SegmentSealed::segment, "start_offset", &SegmentSealed::start_offset, "digest",
      &SegmentSealed::digest, "is_empty", &SegmentSealed::is_empty, "has_offset",
      &SegmentSealed::has_offset, "why", &SegmentSealed::why);
};

struct Spoken {
  std::uint64_t number = 0;
  static constexpr auto fields = millrace::fields("number", &Spoken::number);
  std::string words() const { return "it is " + std::to_string(number); }
};

TEST(RecordWords, are_the_name_and_the_fields_of_a_type_without_words_of_its_own) {
  const SegmentSealed record{.segment = "orders/0",
                             .start_offset = 7,
                             .digest = 0xDEAD'BEEF'0000'0001,
                             .is_empty = true,
                             .has_offset = false,
                             .why = ""};
  const RecordType& type = kRecordType<SegmentSealed>;
  RecordWords words(type.name);
  type.visit(&record, &words, &RecordWords::add);

  // A hash by its first digits, a quality without "is", and nothing about an empty text.
  EXPECT_EQ(words.text(),
            "segment sealed: segment orders/0, start offset 7, digest deadbeef, empty, no offset");
  EXPECT_EQ(type.words(&record), "");
}

TEST(RecordWords, of_a_type_that_speaks_are_its_own) {
  const Spoken record{.number = 3};

  EXPECT_EQ(kRecordType<Spoken>.words(&record), "it is 3");
}

}  // namespace
}  // namespace millrace::run
