#pragma once

// What the clients of the stream workloads record: requests, answers, and what readers were given.
//
// A client records a request before it makes it and an answer when it has it, each in the step in
// which it happens. `operation` is the id in the plan; `uid` names an event for ever and is written
// into its payload together with its writer, key and the sequence within them, so that nearly every
// check looks at one record. An unknown outcome is recorded as unknown, never as a failure.
// words() says it for people, on the screen of a failure.

#include <cstdint>
#include <string>

#include "system/base/fields.h"
#include "system/types/segment_id.h"
#include "system/types/stream_name.h"

namespace millrace::properties {

/// How a stream's keys are shared among its segments: `segments` ranges of equal size, by the rule
/// of system/types/routing.h. The routing key of key 7 is "k7".
struct StreamKnown {
  StreamName stream;
  std::uint32_t segments = 0;

  static constexpr std::string_view record_name = "stream_known";
  static constexpr auto fields =
      millrace::fields("stream", &StreamKnown::stream, "segments", &StreamKnown::segments);

  std::string words() const;
};

/// An event was handed to a writer. `sequence` is dense from 0 within (writer, key).
struct AppendInvoked {
  std::uint64_t uid = 0;
  StreamName stream;
  std::string writer;
  std::uint32_t key = 0;
  std::uint64_t sequence = 0;

  static constexpr std::string_view record_name = "append_invoked";
  static constexpr auto fields = millrace::fields(
      "uid", &AppendInvoked::uid, "stream", &AppendInvoked::stream, "writer",
      &AppendInvoked::writer, "key", &AppendInvoked::key, "sequence", &AppendInvoked::sequence);

  std::string words() const;
};

/// It is durable. With `has_offset` it lies at [offset, end) of its segment; a late acknowledgement
/// may not know where.
struct AppendAcked {
  std::uint64_t uid = 0;
  SegmentId segment;
  bool has_offset = false;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;

  static constexpr std::string_view record_name = "append_acked";
  static constexpr auto fields = millrace::fields(
      "uid", &AppendAcked::uid, "segment", &AppendAcked::segment, "has_offset",
      &AppendAcked::has_offset, "offset", &AppendAcked::offset, "end", &AppendAcked::end);

  std::string words() const;
};

/// It did not happen and never will: `code` says so.
struct AppendFailed {
  std::uint64_t uid = 0;
  std::string code;

  static constexpr std::string_view record_name = "append_failed";
  static constexpr auto fields =
      millrace::fields("uid", &AppendFailed::uid, "code", &AppendFailed::code);

  std::string words() const;
};

/// Nobody knows, and it may still happen.
struct AppendUnknown {
  std::uint64_t uid = 0;
  std::string code;

  static constexpr std::string_view record_name = "append_unknown";
  static constexpr auto fields =
      millrace::fields("uid", &AppendUnknown::uid, "code", &AppendUnknown::code);

  std::string words() const;
};

/// A conditional append (its event is also recorded as AppendInvoked, and as acked, failed or
/// unknown).
struct ConditionalInvoked {
  std::uint64_t uid = 0;
  SegmentId segment;
  std::uint64_t expected_offset = 0;

  static constexpr std::string_view record_name = "conditional_invoked";
  static constexpr auto fields =
      millrace::fields("uid", &ConditionalInvoked::uid, "segment", &ConditionalInvoked::segment,
                       "expected_offset", &ConditionalInvoked::expected_offset);

  std::string words() const;
};

/// Its answer: appended at the expected offset, or refused because the segment had `length`.
struct ConditionalAnswered {
  std::uint64_t uid = 0;
  bool is_appended = false;
  std::uint64_t length = 0;

  static constexpr std::string_view record_name = "conditional_answered";
  static constexpr auto fields =
      millrace::fields("uid", &ConditionalAnswered::uid, "is_appended",
                       &ConditionalAnswered::is_appended, "length", &ConditionalAnswered::length);

  std::string words() const;
};

/// A reader was given an event. `pass` names one pass over a segment from some start on: a reader
/// that starts again makes a new one.
struct EventRead {
  std::string pass;
  SegmentId segment;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  std::uint64_t uid = 0;
  std::string writer;
  std::uint32_t key = 0;
  std::uint64_t sequence = 0;

  static constexpr std::string_view record_name = "event_read";
  static constexpr auto fields = millrace::fields(
      "pass", &EventRead::pass, "segment", &EventRead::segment, "offset", &EventRead::offset, "end",
      &EventRead::end, "uid", &EventRead::uid, "writer", &EventRead::writer, "key", &EventRead::key,
      "sequence", &EventRead::sequence);

  std::string words() const;
};

/// A reader was given bytes that are no event of a writer: a bad checksum, length or header.
/// `is_confirmed` tells whether another pass, from the segment's start, met damage at or before
/// that place, too. Where it did not, the reader stood where no event starts (any more).
struct DamagedRead {
  std::string pass;
  SegmentId segment;
  std::uint64_t offset = 0;
  std::string why;
  bool is_confirmed = false;

  static constexpr std::string_view record_name = "damaged_read";
  static constexpr auto fields = millrace::fields(
      "pass", &DamagedRead::pass, "segment", &DamagedRead::segment, "offset", &DamagedRead::offset,
      "why", &DamagedRead::why, "is_confirmed", &DamagedRead::is_confirmed);

  std::string words() const;
};

/// A pass begins that will follow the segment to its tail ...
struct PassBegan {
  std::string pass;
  SegmentId segment;

  static constexpr std::string_view record_name = "pass_began";
  static constexpr auto fields =
      millrace::fields("pass", &PassBegan::pass, "segment", &PassBegan::segment);

  std::string words() const;
};

/// ... and has come to it: when the store was last asked, nothing lay behind `end`.
struct PassEnded {
  std::string pass;
  SegmentId segment;
  std::uint64_t end = 0;

  static constexpr std::string_view record_name = "pass_ended";
  static constexpr auto fields = millrace::fields("pass", &PassEnded::pass, "segment",
                                                  &PassEnded::segment, "end", &PassEnded::end);

  std::string words() const;
};

/// The last look at a segment, after all other clients: every event in [start, end) was read, under
/// the pass named here.
struct SegmentScanned {
  std::string pass;
  SegmentId segment;
  std::uint64_t start = 0;
  std::uint64_t end = 0;

  static constexpr std::string_view record_name = "segment_scanned";
  static constexpr auto fields =
      millrace::fields("pass", &SegmentScanned::pass, "segment", &SegmentScanned::segment, "start",
                       &SegmentScanned::start, "end", &SegmentScanned::end);

  std::string words() const;
};

/// A client asked for a segment's bounds ...
struct InfoInvoked {
  std::uint64_t operation = 0;
  SegmentId segment;

  static constexpr std::string_view record_name = "info_invoked";
  static constexpr auto fields =
      millrace::fields("operation", &InfoInvoked::operation, "segment", &InfoInvoked::segment);

  std::string words() const;
};

/// ... and was told.
struct InfoAnswered {
  std::uint64_t operation = 0;
  SegmentId segment;
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  bool is_sealed = false;

  static constexpr std::string_view record_name = "info_answered";
  static constexpr auto fields = millrace::fields(
      "operation", &InfoAnswered::operation, "segment", &InfoAnswered::segment, "start",
      &InfoAnswered::start, "length", &InfoAnswered::length, "is_sealed", &InfoAnswered::is_sealed);

  std::string words() const;
};

/// A client asked for the bytes at one offset ...
struct ReadInvoked {
  std::uint64_t operation = 0;
  SegmentId segment;
  std::uint64_t offset = 0;

  static constexpr std::string_view record_name = "read_invoked";
  static constexpr auto fields =
      millrace::fields("operation", &ReadInvoked::operation, "segment", &ReadInvoked::segment,
                       "offset", &ReadInvoked::offset);

  std::string words() const;
};

/// ... and got some of them, or was told that they are truncated.
struct ReadAnswered {
  std::uint64_t operation = 0;
  SegmentId segment;
  std::uint64_t offset = 0;
  bool is_truncated = false;

  static constexpr std::string_view record_name = "read_answered";
  static constexpr auto fields = millrace::fields(
      "operation", &ReadAnswered::operation, "segment", &ReadAnswered::segment, "offset",
      &ReadAnswered::offset, "is_truncated", &ReadAnswered::is_truncated);

  std::string words() const;
};

/// An administrator asked to seal a segment ...
struct SealInvoked {
  std::uint64_t operation = 0;
  SegmentId segment;

  static constexpr std::string_view record_name = "seal_invoked";
  static constexpr auto fields =
      millrace::fields("operation", &SealInvoked::operation, "segment", &SealInvoked::segment);

  std::string words() const;
};

/// ... and was told that it is, with this length.
struct SealAnswered {
  std::uint64_t operation = 0;
  SegmentId segment;
  std::uint64_t length = 0;

  static constexpr std::string_view record_name = "seal_answered";
  static constexpr auto fields =
      millrace::fields("operation", &SealAnswered::operation, "segment", &SealAnswered::segment,
                       "length", &SealAnswered::length);

  std::string words() const;
};

/// An administrator asked to drop what lies before `offset` ...
struct TruncateInvoked {
  std::uint64_t operation = 0;
  SegmentId segment;
  std::uint64_t offset = 0;

  static constexpr std::string_view record_name = "truncate_invoked";
  static constexpr auto fields =
      millrace::fields("operation", &TruncateInvoked::operation, "segment",
                       &TruncateInvoked::segment, "offset", &TruncateInvoked::offset);

  std::string words() const;
};

/// ... and was told that it is done: the segment starts at `offset` or later.
struct TruncateAnswered {
  std::uint64_t operation = 0;
  SegmentId segment;
  std::uint64_t offset = 0;

  static constexpr std::string_view record_name = "truncate_answered";
  static constexpr auto fields =
      millrace::fields("operation", &TruncateAnswered::operation, "segment",
                       &TruncateAnswered::segment, "offset", &TruncateAnswered::offset);

  std::string words() const;
};

/// A block of events [first, last] was sent under a writer's identity, by a client that speaks the
/// protocol itself ...
struct BlockInvoked {
  std::uint64_t operation = 0;
  SegmentId segment;
  std::string writer_id;
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  static constexpr std::string_view record_name = "block_invoked";
  static constexpr auto fields = millrace::fields(
      "operation", &BlockInvoked::operation, "segment", &BlockInvoked::segment, "writer_id",
      &BlockInvoked::writer_id, "first", &BlockInvoked::first, "last", &BlockInvoked::last);

  std::string words() const;
};

/// ... and was acknowledged, or refused with `code`. Neither is recorded where no answer came.
struct BlockAnswered {
  std::uint64_t operation = 0;
  bool is_acked = false;
  bool has_offset = false;
  std::uint64_t offset = 0;
  std::string code;

  static constexpr std::string_view record_name = "block_answered";
  static constexpr auto fields = millrace::fields(
      "operation", &BlockAnswered::operation, "is_acked", &BlockAnswered::is_acked, "has_offset",
      &BlockAnswered::has_offset, "offset", &BlockAnswered::offset, "code", &BlockAnswered::code);

  std::string words() const;
};

/// A client asked for the last event number of a writer ...
struct WriterAsked {
  std::uint64_t operation = 0;
  SegmentId segment;
  std::string writer_id;

  static constexpr std::string_view record_name = "writer_asked";
  static constexpr auto fields =
      millrace::fields("operation", &WriterAsked::operation, "segment", &WriterAsked::segment,
                       "writer_id", &WriterAsked::writer_id);

  std::string words() const;
};

/// ... and was told: `count` is the number of its events, the last number plus one.
struct WriterAnswered {
  std::uint64_t operation = 0;
  std::uint64_t count = 0;

  static constexpr std::string_view record_name = "writer_answered";
  static constexpr auto fields =
      millrace::fields("operation", &WriterAnswered::operation, "count", &WriterAnswered::count);

  std::string words() const;
};

}  // namespace millrace::properties
