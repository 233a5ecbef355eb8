#pragma once

// The messages between a client and a segment store, and the frames that carry them.
//
// A frame is one Connection frame: an 8-byte header (type, protocol version, body length) and the
// body, little-endian, field by field (docs/formats/wire.md). `decode` is total: whatever the
// bytes, it answers with a message or kCorrupt, and a message that it accepts encodes to the same
// bytes.
//
// Order on one connection. Blocks of one writer are answered in the order in which they came, one
// answer a block, and the answers to earlier blocks precede an AppendFailed. Answers to different
// writers and to requests with a RequestId come in any order.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/strong_id.h"
#include "system/base/time.h"
#include "system/types/event_number.h"
#include "system/types/segment_id.h"
#include "system/types/writer_id.h"

namespace millrace::wire {

/// A version of the protocol. Version 0 is that of Hello alone, which never changes.
using ProtocolVersion = std::uint16_t;

/// The versions that one side speaks, both ends included. `low` is at least 1 and at most `high`.
struct VersionRange {
  ProtocolVersion low = 1;
  ProtocolVersion high = 1;

  friend bool operator==(const VersionRange&, const VersionRange&) = default;
};

/// What this program speaks.
inline constexpr VersionRange kVersionsSpoken{.low = 1, .high = 1};

struct RequestIdTag;
/// Matches a reply to its request. Chosen by the client, unique on its connection.
using RequestId = StrongId<RequestIdTag, std::uint64_t>;

/// The most data in one SegmentRead. An AppendBlock carries up to kAppendBytesMax (types/event.h).
inline constexpr std::size_t kReadBytesMax = 512 * 1024;
/// The most bytes of an error's detail that travel; `encode` cuts off the rest.
inline constexpr std::size_t kDetailBytesMax = 512;

// ---- The connection ----

/// The first frame of either side. Both then speak the highest version that both ranges hold.
struct Hello {
  VersionRange versions;

  friend bool operator==(const Hello&, const Hello&) = default;
};

/// Asks for a sign of life; the server echoes it.
struct KeepAlive {
  friend bool operator==(const KeepAlive&, const KeepAlive&) = default;
};

// ---- Appends ----

/// Prepares appends of `writer` to `segment` on this connection, and asks how far it came.
struct SetupAppend {
  RequestId request;
  SegmentId segment;
  WriterId writer;

  friend bool operator==(const SetupAppend&, const SetupAppend&) = default;
};

/// Answers SetupAppend. `event_number_last` is the last event number of the writer that the segment
/// accepted from any connection, and is sent only once that event is durable; none when there never
/// was one. Everything up to it is stored; a sealed segment answers, too, and then for good.
struct AppendSetup {
  RequestId request;
  SegmentId segment;
  WriterId writer;
  std::optional<EventNumber> event_number_last;

  friend bool operator==(const AppendSetup&, const AppendSetup&) = default;
};

/// Appends framed events as one piece, 1 to kAppendBytesMax bytes: all of them are stored side by
/// side, or none. Event numbers are below kEventNumberMax. Needs an AppendSetup on this connection
/// first. `event_count` is last - first + 1. A block wholly at or below the writer's last event
/// number is a duplicate and is acknowledged once the original is durable; one that overlaps it or
/// leaves a gap is refused (kBadEventNumber). With `expected_offset` the append happens only where
/// the segment's length is that offset; the event number is judged before the offset, and before
/// whether the segment is sealed.
struct AppendBlock {
  SegmentId segment;
  WriterId writer;
  EventNumber event_number_first;
  EventNumber event_number_last;
  std::uint32_t event_count = 0;
  std::optional<std::uint64_t> expected_offset;
  Bytes data;

  friend bool operator==(const AppendBlock&, const AppendBlock&) = default;
};

/// The block is durable. `event_number_first` and `event_number_last` repeat the block's.
/// `offset` is that of its first byte, none where the store no longer knows it (a duplicate of an
/// older block). `segment_length` is the segment's length, as durable as the block.
struct Appended {
  SegmentId segment;
  WriterId writer;
  EventNumber event_number_first;
  EventNumber event_number_last;
  std::optional<std::uint64_t> offset;
  std::uint64_t segment_length = 0;

  friend bool operator==(const Appended&, const Appended&) = default;
};

/// The block was not appended as far as `code` says so (error.h). Sent after the answers to all
/// earlier blocks of the writer. It voids the writer's set-up on this connection: the server drops
/// later blocks of the writer without effect and without an answer until the next SetupAppend.
struct AppendFailed {
  SegmentId segment;
  WriterId writer;
  EventNumber event_number_first;
  EventNumber event_number_last;
  Errc code = Errc::kInvalid;
  std::string detail;

  friend bool operator==(const AppendFailed&, const AppendFailed&) = default;
};

/// The block was not appended: the segment's length is not the expected offset but
/// `segment_length`. The set-up stays. A client keeps one conditional block outstanding.
struct ConditionalCheckFailed {
  SegmentId segment;
  WriterId writer;
  EventNumber event_number_first;
  EventNumber event_number_last;
  std::uint64_t segment_length = 0;

  friend bool operator==(const ConditionalCheckFailed&, const ConditionalCheckFailed&) = default;
};

// ---- Reads ----

/// Asks for up to `bytes_max` bytes (1 to kReadBytesMax) from `offset`. At the tail the server
/// waits up to `wait` (not negative) for more before it answers with nothing. Any failure but a
/// truncation is an ErrorReply.
struct ReadSegment {
  RequestId request;
  SegmentId segment;
  std::uint64_t offset = 0;
  std::uint32_t bytes_max = 0;
  Duration wait;

  friend bool operator==(const ReadSegment&, const ReadSegment&) = default;
};

/// Durable bytes from `offset` on; fewer than asked for as the server likes. `is_at_tail`: no more
/// were durable behind them. `is_end`: the segment is sealed and ends behind them.
struct SegmentRead {
  RequestId request;
  SegmentId segment;
  std::uint64_t offset = 0;
  bool is_at_tail = false;
  bool is_end = false;
  Bytes data;

  friend bool operator==(const SegmentRead&, const SegmentRead&) = default;
};

/// Answers a ReadSegment whose offset lies before `start_offset`, the first byte that is left.
struct ReadTruncated {
  RequestId request;
  SegmentId segment;
  std::uint64_t start_offset = 0;

  friend bool operator==(const ReadTruncated&, const ReadTruncated&) = default;
};

// ---- Administration. An ErrorReply answers whatever fails. ----

struct GetSegmentInfo {
  RequestId request;
  SegmentId segment;

  friend bool operator==(const GetSegmentInfo&, const GetSegmentInfo&) = default;
};

/// Answers GetSegmentInfo. Where the segment does not exist the rest is zero.
struct SegmentInfo {
  RequestId request;
  SegmentId segment;
  bool exists = false;
  bool is_sealed = false;
  std::uint64_t start_offset = 0;
  std::uint64_t length = 0;
  WallTime last_modified;

  friend bool operator==(const SegmentInfo&, const SegmentInfo&) = default;
};

/// Makes an empty segment. An ErrorReply with kAlreadyExists where it is there already.
struct CreateSegment {
  RequestId request;
  SegmentId segment;

  friend bool operator==(const CreateSegment&, const CreateSegment&) = default;
};

struct SegmentCreated {
  RequestId request;
  SegmentId segment;

  friend bool operator==(const SegmentCreated&, const SegmentCreated&) = default;
};

/// Ends a segment: no append is accepted any more. Sealing a sealed segment succeeds.
struct SealSegment {
  RequestId request;
  SegmentId segment;

  friend bool operator==(const SealSegment&, const SealSegment&) = default;
};

/// The seal is durable; `length` is final.
struct SegmentSealed {
  RequestId request;
  SegmentId segment;
  std::uint64_t length = 0;

  friend bool operator==(const SegmentSealed&, const SegmentSealed&) = default;
};

/// Drops all bytes before `offset`. Truncating below the start succeeds and changes nothing; beyond
/// the length it is an ErrorReply with kBadOffset.
struct TruncateSegment {
  RequestId request;
  SegmentId segment;
  std::uint64_t offset = 0;

  friend bool operator==(const TruncateSegment&, const TruncateSegment&) = default;
};

/// The truncation is durable; `start_offset` is where the segment starts now.
struct SegmentTruncated {
  RequestId request;
  SegmentId segment;
  std::uint64_t start_offset = 0;

  friend bool operator==(const SegmentTruncated&, const SegmentTruncated&) = default;
};

/// The request with this id failed.
struct ErrorReply {
  RequestId request;
  Errc code = Errc::kInvalid;
  std::string detail;

  friend bool operator==(const ErrorReply&, const ErrorReply&) = default;
};

using Message =
    std::variant<Hello, KeepAlive, SetupAppend, AppendSetup, AppendBlock, Appended, AppendFailed,
                 ConditionalCheckFailed, ReadSegment, SegmentRead, ReadTruncated, GetSegmentInfo,
                 SegmentInfo, CreateSegment, SegmentCreated, SealSegment, SegmentSealed,
                 TruncateSegment, SegmentTruncated, ErrorReply>;

/// The frame of `message`. A Hello always has version 0, everything else `version`, which is at
/// least 1. The message keeps the bounds that its type names (checked).
Bytes encode(const Message& message, ProtocolVersion version);

/// The message in `frame`, which must be of `version`, or of version 0 and a Hello.
/// Errors: kCorrupt for whatever `encode` would not have written.
Result<Message> decode(ByteView frame, ProtocolVersion version);

/// A label for traces and for faults that wait for a kind of frame: "append", "append.ack",
/// "segment.read", ...; "unknown" for bytes that are no frame. Looks at the header only.
std::string frame_name(ByteView frame);

/// Every label that `frame_name` gives but "unknown", sorted.
std::span<const std::string_view> frame_names();

/// The number that stands for `code` on the wire. Numbers are never reused or changed.
std::uint16_t wire_number(Errc code);

/// The code of a number; none for a number that stands for nothing.
std::optional<Errc> errc_from_wire(std::uint16_t number);

}  // namespace millrace::wire
