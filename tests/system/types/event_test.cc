#include "system/types/event.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

#include "system/base/codec.h"

namespace millrace {
namespace {

RC_GTEST_PROP(Event, a_block_gives_its_events_back_however_it_is_cut, ()) {
  const auto texts = *rc::gen::arbitrary<std::vector<std::string>>();
  Bytes block;
  for (const std::string& text : texts) append_event(block, as_bytes(text));
  const auto cut = *rc::gen::inRange<std::size_t>(0, block.size() + 1);

  ByteView rest = ByteView(block).first(cut);
  std::size_t count = 0;
  while (true) {
    const auto event = first_event(rest);
    RC_ASSERT(event.has_value());
    if (!event->has_value()) break;
    RC_ASSERT(std::string(as_text((*event)->payload)) == texts[count]);
    rest = rest.subspan((*event)->framed_bytes);
    ++count;
  }
  // What is left is less than the next event.
  RC_ASSERT(count <= texts.size());
  if (count < texts.size()) RC_ASSERT(rest.size() < kEventHeaderBytes + texts[count].size());
}

TEST(Event, headers_that_no_writer_writes_are_corrupt) {
  const auto with_header = [](std::uint32_t type, std::uint32_t length) {
    Bytes bytes;
    Writer out(bytes);
    out.u32(type);
    out.u32(length);
    return bytes;
  };
  EXPECT_TRUE(failed_with(first_event(with_header(1, 0)), Errc::kCorrupt));
  EXPECT_TRUE(failed_with(first_event(with_header(0, kEventBytesMax + 1)), Errc::kCorrupt));
  EXPECT_FALSE(first_event(with_header(0, kEventBytesMax))->has_value());
  EXPECT_EQ((*first_event(with_header(0, 0)))->framed_bytes, kEventHeaderBytes);
}

}  // namespace
}  // namespace millrace
