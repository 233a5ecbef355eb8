#include "system/wire/messages.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "system/types/event.h"
#include "tests/folders.h"

namespace millrace::wire {
namespace {

constexpr ProtocolVersion kVersion = 1;

SegmentId segment(std::string_view stream, std::uint32_t number) {
  return {.stream = *StreamName::parse(stream), .number = number};
}

// ---- Arbitrary messages ----

// Full width at every size; shrinking 64 bits would take for ever.
std::uint64_t any_u64() {
  return *rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint64_t>()));
}
std::uint64_t any_below(std::uint64_t end) { return any_u64() % end; }
bool any_bool() { return *rc::gen::arbitrary<bool>(); }
RequestId any_request() { return RequestId(any_u64()); }

SegmentId any_segment() {
  static constexpr std::array<std::string_view, 3> kStreams = {"a", "orders", "x-1_y.z"};
  const std::string_view stream = kStreams[any_below(kStreams.size())];
  return segment(stream, *rc::gen::arbitrary<std::uint32_t>());
}

WriterId any_writer() {
  const std::uint64_t high = any_u64();
  return {.high = high, .low = any_u64()};
}

Bytes any_bytes() {
  const auto numbers =
      *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
  Bytes bytes;
  for (const std::uint8_t number : numbers) bytes.push_back(static_cast<std::byte>(number));
  return bytes;
}

Errc any_errc() { return static_cast<Errc>(any_below(kErrcCount)); }

/// What the answers to a block share with it.
template <typename T>
T any_about_block() {
  T message;
  message.segment = any_segment();
  message.writer = any_writer();
  const std::uint64_t first = any_below(kEventNumberMax - 1'000);
  message.event_number_first = EventNumber(first);
  message.event_number_last = EventNumber(first + any_below(1'000));
  return message;
}

template <typename T>
T any_request_about_segment() {
  T message;
  message.request = any_request();
  message.segment = any_segment();
  return message;
}

template <typename T>
T any_message();

template <>
Hello any_message() {
  const auto low = static_cast<ProtocolVersion>(1 + any_below(60'000));
  return {.versions = {.low = low, .high = static_cast<ProtocolVersion>(low + any_below(5'000))}};
}
template <>
KeepAlive any_message() {
  return {};
}
template <>
SetupAppend any_message() {
  auto message = any_request_about_segment<SetupAppend>();
  message.writer = any_writer();
  return message;
}
template <>
AppendSetup any_message() {
  auto message = any_request_about_segment<AppendSetup>();
  message.writer = any_writer();
  if (any_bool()) message.event_number_last = EventNumber(any_below(kEventNumberMax));
  return message;
}
template <>
AppendBlock any_message() {
  auto message = any_about_block<AppendBlock>();
  message.event_count = static_cast<std::uint32_t>(message.event_number_last.value() -
                                                   message.event_number_first.value() + 1);
  if (any_bool()) message.expected_offset = any_u64();
  message.data = any_bytes();
  message.data.push_back(std::byte{7});
  return message;
}
template <>
Appended any_message() {
  auto message = any_about_block<Appended>();
  message.segment_length = any_u64() | 1;
  if (any_bool()) message.offset = any_below(message.segment_length);
  return message;
}
template <>
AppendFailed any_message() {
  auto message = any_about_block<AppendFailed>();
  message.code = any_errc();
  message.detail = std::string(as_text(any_bytes()));
  return message;
}
template <>
ConditionalCheckFailed any_message() {
  auto message = any_about_block<ConditionalCheckFailed>();
  message.segment_length = any_u64();
  return message;
}
template <>
ReadSegment any_message() {
  auto message = any_request_about_segment<ReadSegment>();
  message.offset = any_u64();
  message.bytes_max = static_cast<std::uint32_t>(1 + any_below(kReadBytesMax));
  message.wait = nanoseconds(static_cast<std::int64_t>(any_below(std::uint64_t{1} << 63)));
  return message;
}
template <>
SegmentRead any_message() {
  auto message = any_request_about_segment<SegmentRead>();
  message.offset = any_u64();
  message.is_at_tail = any_bool();
  message.is_end = any_bool();
  message.data = any_bytes();
  return message;
}
template <>
ReadTruncated any_message() {
  auto message = any_request_about_segment<ReadTruncated>();
  message.start_offset = any_u64();
  return message;
}
template <>
GetSegmentInfo any_message() {
  return any_request_about_segment<GetSegmentInfo>();
}
template <>
SegmentInfo any_message() {
  auto message = any_request_about_segment<SegmentInfo>();
  message.exists = any_bool();
  if (message.exists) {
    message.is_sealed = any_bool();
    message.length = any_u64() | 1;
    message.start_offset = any_below(message.length);
    message.last_modified = {static_cast<std::int64_t>(any_u64())};
  }
  return message;
}
template <>
CreateSegment any_message() {
  return any_request_about_segment<CreateSegment>();
}
template <>
SegmentCreated any_message() {
  return any_request_about_segment<SegmentCreated>();
}
template <>
SealSegment any_message() {
  return any_request_about_segment<SealSegment>();
}
template <>
SegmentSealed any_message() {
  auto message = any_request_about_segment<SegmentSealed>();
  message.length = any_u64();
  return message;
}
template <>
TruncateSegment any_message() {
  auto message = any_request_about_segment<TruncateSegment>();
  message.offset = any_u64();
  return message;
}
template <>
SegmentTruncated any_message() {
  auto message = any_request_about_segment<SegmentTruncated>();
  message.start_offset = any_u64();
  return message;
}
template <>
ErrorReply any_message() {
  ErrorReply message;
  message.request = any_request();
  message.code = any_errc();
  message.detail = std::string(as_text(any_bytes()));
  return message;
}

template <std::size_t... I>
Message any_of(std::size_t index, std::index_sequence<I...>) {
  Message message;
  ((I == index ? void(message = any_message<std::variant_alternative_t<I, Message>>()) : void()),
   ...);
  return message;
}

constexpr std::size_t kKinds = std::variant_size_v<Message>;

Message any_of_kind(std::size_t index) { return any_of(index, std::make_index_sequence<kKinds>()); }

Message any_message_at_all() { return any_of_kind(any_below(kKinds)); }

/// Whether decode keeps its promise for `frame`: refused as corrupt, or encoded again to itself.
void check_total(const Bytes& frame) {
  const Result<Message> message = decode(frame, kVersion);
  if (message.has_value()) {
    RC_ASSERT(encode(*message, kVersion) == frame);
  } else {
    RC_ASSERT(message.error().code == Errc::kCorrupt);
  }
}

// ---- Round trips ----

RC_GTEST_PROP(Messages, every_kind_survives_its_encoding, ()) {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    const Message message = any_of_kind(kind);

    const Result<Message> again = decode(encode(message, kVersion), kVersion);

    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == message);
  }
}

RC_GTEST_PROP(Messages, every_truncation_is_refused, ()) {
  const Bytes frame = encode(any_message_at_all(), kVersion);

  for (std::size_t size = 0; size < frame.size(); ++size) {
    const Result<Message> message = decode(ByteView(frame).first(size), kVersion);
    RC_ASSERT(failed_with(message, Errc::kCorrupt));
  }
}

RC_GTEST_PROP(Messages, a_mutated_frame_is_refused_or_means_exactly_itself, ()) {
  Bytes frame = encode(any_message_at_all(), kVersion);
  const std::uint64_t mutations = 1 + any_below(4);
  for (std::uint64_t i = 0; i < mutations; ++i) {
    frame[any_below(frame.size())] = static_cast<std::byte>(any_below(256));
  }

  check_total(frame);
}

RC_GTEST_PROP(Messages, a_bit_flip_anywhere_is_refused_or_means_exactly_itself, ()) {
  const Bytes frame = encode(any_message_at_all(), kVersion);

  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    Bytes flipped = frame;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    check_total(flipped);
  }
}

// A body of noise behind a sound header reaches the field readers, which noise alone hardly does.
RC_GTEST_PROP(Messages, noise_behind_a_sound_header_is_refused_or_means_exactly_itself, ()) {
  const auto type = static_cast<std::uint16_t>(1 + any_below(kKinds));
  const Bytes noise = any_bytes();
  Bytes frame = {static_cast<std::byte>(type), std::byte{0},
                 type == 1 ? std::byte{0} : std::byte{1}, std::byte{0}};
  for (std::size_t i = 0; i < 4; ++i) {
    frame.push_back(static_cast<std::byte>(noise.size() >> (8 * i)));
  }
  append(frame, noise);

  check_total(frame);
}

RC_GTEST_PROP(Messages, noise_is_refused_or_means_exactly_itself, ()) { check_total(any_bytes()); }

// ---- Refusals that a peer may provoke ----

TEST(Messages, a_frame_of_another_version_is_refused) {
  const Bytes frame = encode(KeepAlive{}, 2);

  EXPECT_TRUE(failed_with(decode(frame, 1), Errc::kCorrupt));
  EXPECT_TRUE(decode(frame, 2).has_value());
}

TEST(Messages, a_hello_is_read_under_any_version) {
  const Bytes frame = encode(Hello{{.low = 3, .high = 5}}, 2);

  const Result<Message> message = decode(frame, 9);

  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(std::get<Hello>(*message).versions, (VersionRange{.low = 3, .high = 5}));
}

TEST(Messages, an_error_code_of_no_meaning_is_refused) {
  Bytes frame = encode(ErrorReply{.request = RequestId(1), .code = Errc::kIo, .detail = ""}, 1);
  const std::size_t code_at = frame.size() - 6;  // Before the empty detail's length.
  ASSERT_EQ(frame[code_at], static_cast<std::byte>(wire_number(Errc::kIo)));

  frame[code_at + 1] = std::byte{0xff};

  EXPECT_TRUE(failed_with(decode(frame, 1), Errc::kCorrupt));
}

TEST(Messages, a_block_whose_count_does_not_match_its_numbers_is_refused) {
  AppendBlock block{.segment = segment("orders", 0),
                    .writer = {.high = 1, .low = 2},
                    .event_number_first = EventNumber(5),
                    .event_number_last = EventNumber(6),
                    .event_count = 2,
                    .expected_offset = std::nullopt,
                    .data = to_bytes("xx")};
  Bytes frame = encode(block, 1);
  // The count lies behind header, segment (length, name, number), writer and two event numbers.
  const std::size_t count_at = 8 + 4 + 6 + 4 + 16 + 8 + 8;
  ASSERT_EQ(frame[count_at], std::byte{2});

  frame[count_at] = std::byte{3};

  EXPECT_TRUE(failed_with(decode(frame, 1), Errc::kCorrupt));
}

TEST(Messages, the_largest_block_and_read_fit_into_a_frame) {
  const std::string longest(StreamName::kBytesMax, 'x');
  AppendBlock block{.segment = segment(longest, 0xffff'ffff),
                    .writer = {},
                    .event_number_first = EventNumber(0),
                    .event_number_last = EventNumber(0),
                    .event_count = 1,
                    .expected_offset = 1,
                    .data = Bytes(kAppendBytesMax)};
  SegmentRead read{.request = {},
                   .segment = segment(longest, 0),
                   .offset = 0,
                   .is_at_tail = false,
                   .is_end = false,
                   .data = Bytes(kReadBytesMax)};

  EXPECT_TRUE(decode(encode(block, 1), 1).has_value());
  EXPECT_TRUE(decode(encode(read, 1), 1).has_value());
}

TEST(Messages, a_long_detail_is_cut_and_still_read) {
  const ErrorReply reply{
      .request = RequestId(7), .code = Errc::kIo, .detail = std::string(5'000, 'd')};

  const Result<Message> again = decode(encode(reply, 1), 1);

  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(std::get<ErrorReply>(*again).detail, std::string(kDetailBytesMax, 'd'));
}

// ---- Names and numbers ----

/// The bytes of the first fenced block after "## Example", up to the words behind them.
Bytes documented_example(const std::string& page) {
  Bytes bytes;
  std::istringstream lines(page.substr(page.find("## Example")));
  std::string line;
  while (std::getline(lines, line) && line != "```") {
  }
  while (std::getline(lines, line) && line != "```") {
    std::istringstream numbers(line.substr(0, line.find("   ")));
    unsigned int number = 0;
    while (numbers >> std::hex >> number) bytes.push_back(static_cast<std::byte>(number));
  }
  return bytes;
}

TEST(Messages, the_documented_example_is_what_is_sent) {
  std::ifstream file(source_folder() + "/docs/formats/wire.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  AppendBlock block{.segment = segment("orders", 2),
                    .writer = {.high = 0x11, .low = 0x22},
                    .event_number_first = EventNumber(7),
                    .event_number_last = EventNumber(7),
                    .event_count = 1,
                    .expected_offset = std::nullopt,
                    .data = {}};
  append_event(block.data, as_bytes("hi"));

  EXPECT_EQ(documented_example(page), encode(block, 1));
  for (const std::string_view name : frame_names()) {
    EXPECT_NE(page.find("| `" + std::string(name) + "` |"), std::string::npos) << name;
  }
}

TEST(Messages, error_numbers_are_the_documented_ones) {
  // Peers of other versions know these numbers: the list grows, it never changes.
  EXPECT_EQ(wire_number(Errc::kCancelled), 1);
  EXPECT_EQ(wire_number(Errc::kSealed), 10);
  EXPECT_EQ(wire_number(Errc::kBadOffset), 12);
  EXPECT_EQ(wire_number(Errc::kForeign), 21);
  for (int i = 0; i < kErrcCount; ++i) {
    const auto code = static_cast<Errc>(i);
    EXPECT_EQ(errc_from_wire(wire_number(code)), code);
  }
  EXPECT_EQ(errc_from_wire(0), std::nullopt);
  EXPECT_EQ(errc_from_wire(22), std::nullopt);
}

TEST(Messages, frames_have_labels) {
  const SegmentId orders = segment("orders", 0);
  const ReadSegment read{
      .request = {}, .segment = orders, .offset = 0, .bytes_max = 1, .wait = Duration{}};

  EXPECT_EQ(frame_name(encode(Hello{}, 1)), "hello");
  EXPECT_EQ(frame_name(encode(read, 1)), "segment.read");
  EXPECT_EQ(frame_name(encode(read, 7)), "segment.read");
  EXPECT_EQ(frame_name(Bytes{}), "unknown");
  EXPECT_EQ(frame_name(to_bytes("some stranger's frame")), "unknown");
}

RC_GTEST_PROP(Messages, every_label_is_listed, ()) {
  const std::span<const std::string_view> names = frame_names();
  RC_ASSERT(std::ranges::is_sorted(names));

  std::set<std::string> seen;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    seen.insert(frame_name(encode(any_of_kind(kind), kVersion)));
  }

  RC_ASSERT(seen == std::set<std::string>(names.begin(), names.end()));
}

}  // namespace
}  // namespace millrace::wire
