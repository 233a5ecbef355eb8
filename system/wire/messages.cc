#include "system/wire/messages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "system/base/check.h"
#include "system/base/codec.h"
#include "system/env/network.h"
#include "system/types/event.h"

namespace millrace::wire {
namespace {

constexpr ProtocolVersion kHelloVersion = 0;
constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kLengthAt = 4;

// ---- Errors ----

struct ErrcNumber {
  Errc code;
  std::uint16_t number;
};

// In the order of Errc, but the numbers are the wire's own: a code that is added to the middle of
// the list gets the next free number.
constexpr std::array<ErrcNumber, kErrcCount> kErrcNumbers{{
    {Errc::kCancelled, 1},
    {Errc::kTimeout, 2},
    {Errc::kUnavailable, 3},
    {Errc::kRefused, 4},
    {Errc::kWrongVersion, 5},
    {Errc::kProtocol, 6},
    {Errc::kInvalid, 7},
    {Errc::kNotFound, 8},
    {Errc::kAlreadyExists, 9},
    {Errc::kSealed, 10},
    {Errc::kTruncated, 11},
    {Errc::kBadOffset, 12},
    {Errc::kBadEventNumber, 13},
    {Errc::kWrongHost, 14},
    {Errc::kOverloaded, 15},
    {Errc::kFenced, 16},
    {Errc::kShuttingDown, 17},
    {Errc::kNoSpace, 18},
    {Errc::kIo, 19},
    {Errc::kCorrupt, 20},
    {Errc::kForeign, 21},
}};

constexpr bool errc_numbers_are_complete() {
  for (int i = 0; i < kErrcCount; ++i) {
    const ErrcNumber& row = kErrcNumbers[static_cast<std::size_t>(i)];
    if (static_cast<int>(row.code) != i || row.number == 0) return false;
    for (int j = 0; j < i; ++j) {
      if (kErrcNumbers[static_cast<std::size_t>(j)].number == row.number) return false;
    }
  }
  return true;
}
static_assert(errc_numbers_are_complete(), "each code has one number of its own");

// ---- Fields ----

// FieldWriter and FieldReader are the two directions of one description: a message's `body` below
// names its fields once, in the order in which they travel.

class FieldWriter {
 public:
  explicit FieldWriter(Writer& out) : out_(out) {}

  void operator()(bool value) { out_.boolean(value); }
  void operator()(std::uint16_t value) { out_.u16(value); }
  void operator()(std::uint32_t value) { out_.u32(value); }
  void operator()(std::uint64_t value) { out_.u64(value); }
  void operator()(Duration value) { out_.i64(value.ns); }
  void operator()(WallTime value) { out_.i64(value.ns); }
  void operator()(Errc code) { out_.u16(wire_number(code)); }
  void operator()(const Bytes& data) { out_.bytes(data); }
  void operator()(const std::string& detail) {
    out_.text(std::string_view(detail).substr(0, kDetailBytesMax));
  }
  void operator()(const SegmentId& segment) {
    CHECK(segment.stream != StreamName{}, "a message is about some segment");
    millrace::encode(out_, segment);
  }
  void operator()(const WriterId& writer) { millrace::encode(out_, writer); }
  template <typename Tag, typename Representation>
  void operator()(StrongId<Tag, Representation> id) {
    (*this)(id.value());
  }
  template <typename T>
  void operator()(const std::optional<T>& value) {
    out_.boolean(value.has_value());
    if (value.has_value()) (*this)(*value);
  }

 private:
  Writer& out_;
};

class FieldReader {
 public:
  explicit FieldReader(Reader& in) : in_(in) {}

  void operator()(bool& value) { value = in_.boolean(); }
  void operator()(std::uint16_t& value) { value = in_.u16(); }
  void operator()(std::uint32_t& value) { value = in_.u32(); }
  void operator()(std::uint64_t& value) { value = in_.u64(); }
  void operator()(Duration& value) { value.ns = in_.i64(); }
  void operator()(WallTime& value) { value.ns = in_.i64(); }
  void operator()(Errc& code) {
    const std::optional<Errc> known = errc_from_wire(in_.u16());
    if (known.has_value()) {
      code = *known;
    } else {
      in_.reject();
    }
  }
  void operator()(Bytes& data) { data = to_bytes(in_.bytes(kDataBytesMax)); }
  void operator()(std::string& detail) { detail = in_.text(kDetailBytesMax); }
  void operator()(SegmentId& segment) { segment = decode_segment_id(in_); }
  void operator()(WriterId& writer) { writer = decode_writer_id(in_); }
  template <typename Tag, typename Representation>
  void operator()(StrongId<Tag, Representation>& id) {
    Representation value = 0;
    (*this)(value);
    id = StrongId<Tag, Representation>(value);
  }
  template <typename T>
  void operator()(std::optional<T>& value) {
    if (in_.boolean()) (*this)(value.emplace());
  }

 private:
  static constexpr std::size_t kDataBytesMax = std::max(kAppendBytesMax, kReadBytesMax);

  Reader& in_;
};

// ---- Messages ----

/// Whether these can be the event numbers of a block.
bool is_block(EventNumber first, EventNumber last) {
  return first <= last && last.value() < kEventNumberMax;
}

// What is particular to a message: its number and label, its fields in order, and which values make
// sense. Numbers are never reused. `M` is the message, const while it is written.
template <typename T>
struct Layout;

template <>
struct Layout<Hello> {
  static constexpr std::uint16_t kType = 1;
  static constexpr std::string_view kName = "hello";
  static void body(auto& field, auto& m) {
    field(m.versions.low);
    field(m.versions.high);
  }
  static bool is_valid(const Hello& m) {
    return m.versions.low >= 1 && m.versions.low <= m.versions.high;
  }
};

template <>
struct Layout<KeepAlive> {
  static constexpr std::uint16_t kType = 2;
  static constexpr std::string_view kName = "keep_alive";
  static void body(auto&, auto&) {}
  static bool is_valid(const KeepAlive&) { return true; }
};

template <>
struct Layout<SetupAppend> {
  static constexpr std::uint16_t kType = 3;
  static constexpr std::string_view kName = "append.setup";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
    field(m.writer);
  }
  static bool is_valid(const SetupAppend&) { return true; }
};

template <>
struct Layout<AppendSetup> {
  static constexpr std::uint16_t kType = 4;
  static constexpr std::string_view kName = "append.setup.ack";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
    field(m.writer);
    field(m.event_number_last);
  }
  static bool is_valid(const AppendSetup& m) {
    return !m.event_number_last.has_value() || m.event_number_last->value() < kEventNumberMax;
  }
};

template <>
struct Layout<AppendBlock> {
  static constexpr std::uint16_t kType = 5;
  static constexpr std::string_view kName = "append";
  static void body(auto& field, auto& m) {
    field(m.segment);
    field(m.writer);
    field(m.event_number_first);
    field(m.event_number_last);
    field(m.event_count);
    field(m.expected_offset);
    field(m.data);
  }
  static bool is_valid(const AppendBlock& m) {
    return m.event_count >= 1 && is_block(m.event_number_first, m.event_number_last) &&
           m.event_number_last.value() - m.event_number_first.value() == m.event_count - 1 &&
           !m.data.empty() && m.data.size() <= kAppendBytesMax;
  }
};

template <>
struct Layout<Appended> {
  static constexpr std::uint16_t kType = 6;
  static constexpr std::string_view kName = "append.ack";
  static void body(auto& field, auto& m) {
    field(m.segment);
    field(m.writer);
    field(m.event_number_first);
    field(m.event_number_last);
    field(m.offset);
    field(m.segment_length);
  }
  static bool is_valid(const Appended& m) {
    return is_block(m.event_number_first, m.event_number_last) &&
           (!m.offset.has_value() || *m.offset < m.segment_length);
  }
};

template <>
struct Layout<AppendFailed> {
  static constexpr std::uint16_t kType = 7;
  static constexpr std::string_view kName = "append.fail";
  static void body(auto& field, auto& m) {
    field(m.segment);
    field(m.writer);
    field(m.event_number_first);
    field(m.event_number_last);
    field(m.code);
    field(m.detail);
  }
  static bool is_valid(const AppendFailed& m) {
    return is_block(m.event_number_first, m.event_number_last);
  }
};

template <>
struct Layout<ConditionalCheckFailed> {
  static constexpr std::uint16_t kType = 8;
  static constexpr std::string_view kName = "append.conflict";
  static void body(auto& field, auto& m) {
    field(m.segment);
    field(m.writer);
    field(m.event_number_first);
    field(m.event_number_last);
    field(m.segment_length);
  }
  static bool is_valid(const ConditionalCheckFailed& m) {
    return is_block(m.event_number_first, m.event_number_last);
  }
};

template <>
struct Layout<ReadSegment> {
  static constexpr std::uint16_t kType = 9;
  static constexpr std::string_view kName = "segment.read";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
    field(m.offset);
    field(m.bytes_max);
    field(m.wait);
  }
  static bool is_valid(const ReadSegment& m) {
    return m.bytes_max >= 1 && m.bytes_max <= kReadBytesMax && m.wait >= Duration{};
  }
};

template <>
struct Layout<SegmentRead> {
  static constexpr std::uint16_t kType = 10;
  static constexpr std::string_view kName = "segment.read.ack";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
    field(m.offset);
    field(m.is_at_tail);
    field(m.is_end);
    field(m.data);
  }
  static bool is_valid(const SegmentRead& m) { return m.data.size() <= kReadBytesMax; }
};

template <>
struct Layout<ReadTruncated> {
  static constexpr std::uint16_t kType = 11;
  static constexpr std::string_view kName = "segment.read.truncated";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
    field(m.start_offset);
  }
  static bool is_valid(const ReadTruncated&) { return true; }
};

template <>
struct Layout<GetSegmentInfo> {
  static constexpr std::uint16_t kType = 12;
  static constexpr std::string_view kName = "segment.info";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
  }
  static bool is_valid(const GetSegmentInfo&) { return true; }
};

template <>
struct Layout<SegmentInfo> {
  static constexpr std::uint16_t kType = 13;
  static constexpr std::string_view kName = "segment.info.ack";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
    field(m.exists);
    field(m.is_sealed);
    field(m.start_offset);
    field(m.length);
    field(m.last_modified);
  }
  static bool is_valid(const SegmentInfo& m) {
    if (m.exists) return m.start_offset <= m.length;
    return !m.is_sealed && m.start_offset == 0 && m.length == 0 && m.last_modified == WallTime{};
  }
};

template <>
struct Layout<CreateSegment> {
  static constexpr std::uint16_t kType = 14;
  static constexpr std::string_view kName = "segment.create";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
  }
  static bool is_valid(const CreateSegment&) { return true; }
};

template <>
struct Layout<SegmentCreated> {
  static constexpr std::uint16_t kType = 15;
  static constexpr std::string_view kName = "segment.create.ack";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
  }
  static bool is_valid(const SegmentCreated&) { return true; }
};

template <>
struct Layout<SealSegment> {
  static constexpr std::uint16_t kType = 16;
  static constexpr std::string_view kName = "segment.seal";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
  }
  static bool is_valid(const SealSegment&) { return true; }
};

template <>
struct Layout<SegmentSealed> {
  static constexpr std::uint16_t kType = 17;
  static constexpr std::string_view kName = "segment.seal.ack";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
    field(m.length);
  }
  static bool is_valid(const SegmentSealed&) { return true; }
};

template <>
struct Layout<TruncateSegment> {
  static constexpr std::uint16_t kType = 18;
  static constexpr std::string_view kName = "segment.truncate";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
    field(m.offset);
  }
  static bool is_valid(const TruncateSegment&) { return true; }
};

template <>
struct Layout<SegmentTruncated> {
  static constexpr std::uint16_t kType = 19;
  static constexpr std::string_view kName = "segment.truncate.ack";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.segment);
    field(m.start_offset);
  }
  static bool is_valid(const SegmentTruncated&) { return true; }
};

template <>
struct Layout<ErrorReply> {
  static constexpr std::uint16_t kType = 20;
  static constexpr std::string_view kName = "error";
  static void body(auto& field, auto& m) {
    field(m.request);
    field(m.code);
    field(m.detail);
  }
  static bool is_valid(const ErrorReply&) { return true; }
};

// ---- Frames ----

struct Header {
  std::uint16_t type = 0;
  ProtocolVersion version = 0;
  std::uint32_t body_bytes = 0;
};

/// The header of `frame`; none where the frame is shorter than one or not as long as it says.
std::optional<Header> read_header(Reader& in) {
  Header header;
  header.type = in.u16();
  header.version = in.u16();
  header.body_bytes = in.u32();
  if (in.failed() || in.remaining() != header.body_bytes) return std::nullopt;
  return header;
}

/// One row for each alternative of Message, in its order.
struct Row {
  std::uint16_t type;
  std::string_view name;
  Result<Message> (*decode_body)(Reader& in);
};

template <typename T>
Result<Message> decode_body(Reader& in) {
  T message;
  FieldReader fields(in);
  Layout<T>::body(fields, message);
  TRY(in.done(Layout<T>::kName));
  if (!Layout<T>::is_valid(message)) {
    return fail(Errc::kCorrupt, std::string(Layout<T>::kName) + ": values make no sense");
  }
  return Message(std::move(message));
}

template <std::size_t... I>
constexpr auto make_rows(std::index_sequence<I...>) {
  return std::array<Row, sizeof...(I)>{{{Layout<std::variant_alternative_t<I, Message>>::kType,
                                         Layout<std::variant_alternative_t<I, Message>>::kName,
                                         &decode_body<std::variant_alternative_t<I, Message>>}...}};
}

constexpr auto kRows = make_rows(std::make_index_sequence<std::variant_size_v<Message>>());

constexpr bool rows_are_numbered_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].type != i + 1) return false;
  }
  return true;
}
static_assert(rows_are_numbered_in_order(), "a type finds its row by its number");

constexpr auto sorted_names() {
  std::array<std::string_view, kRows.size()> names{};
  for (std::size_t i = 0; i < kRows.size(); ++i) names[i] = kRows[i].name;
  std::ranges::sort(names);
  return names;
}

constexpr auto kNames = sorted_names();

const Row* find_row(std::uint16_t type) {
  if (type < 1 || type > kRows.size()) return nullptr;
  return &kRows[type - 1U];
}

template <typename T>
Bytes encode_message(const T& message, ProtocolVersion version) {
  CHECK(Layout<T>::is_valid(message), "a message keeps the bounds that its type names");
  Bytes frame;
  if constexpr (requires { message.data; }) {
    frame.reserve(kHeaderBytes + Writer::kReservedBytes + message.data.size());
  }
  Writer out(frame);
  out.u16(Layout<T>::kType);
  out.u16(std::is_same_v<T, Hello> ? kHelloVersion : version);
  out.u32(0);
  FieldWriter fields(out);
  Layout<T>::body(fields, message);
  CHECK(frame.size() <= kFrameBytesMax, "a connection carries every message");

  // The length is known only now.
  out.u32_at(kLengthAt, static_cast<std::uint32_t>(frame.size() - kHeaderBytes));
  return frame;
}

}  // namespace

Bytes encode(const Message& message, ProtocolVersion version) {
  CHECK(version != kHelloVersion, "version 0 is Hello's");
  return std::visit([&](const auto& known) { return encode_message(known, version); }, message);
}

Result<Message> decode(ByteView frame, ProtocolVersion version) {
  Reader in(frame);
  const std::optional<Header> header = read_header(in);
  if (!header.has_value()) return fail(Errc::kCorrupt, "a frame of the wrong length");
  const Row* row = find_row(header->type);
  if (row == nullptr) return fail(Errc::kCorrupt, "a frame of no known type");
  const bool is_hello = header->type == Layout<Hello>::kType;
  if (header->version != (is_hello ? kHelloVersion : version)) {
    return fail(Errc::kCorrupt, "a frame of another version");
  }
  return row->decode_body(in);
}

std::string frame_name(ByteView frame) {
  Reader in(frame);
  const std::optional<Header> header = read_header(in);
  const Row* row = header.has_value() ? find_row(header->type) : nullptr;
  return std::string(row == nullptr ? std::string_view("unknown") : row->name);
}

std::span<const std::string_view> frame_names() { return kNames; }

std::uint16_t wire_number(Errc code) {
  const auto index = static_cast<std::size_t>(code);
  CHECK(index < kErrcNumbers.size(), "a code outside the list was made up");
  return kErrcNumbers[index].number;
}

std::optional<Errc> errc_from_wire(std::uint16_t number) {
  const auto* found = std::ranges::find(kErrcNumbers, number, &ErrcNumber::number);
  if (found == kErrcNumbers.end()) return std::nullopt;
  return found->code;
}

}  // namespace millrace::wire
