#pragma once

// What processes of the store report about themselves, as typed records (env/journal.h).
//
// White-box properties and the anchors of faults read facts; a property never trusts a fact for
// what a client can see itself. A fact is recorded once, when it became true, by the process that
// knows. `container` tells the containers of one process apart, `sequence` is a position in its
// log.

#include <cstdint>
#include <string>
#include <string_view>

#include "system/base/fields.h"
#include "system/types/segment_id.h"

namespace millrace {

/// A disk was formatted for a store; durable.
struct StoreFormatted {
  std::uint64_t store_id = 0;

  static constexpr std::string_view fact_name = "StoreFormatted";
  static constexpr auto fields = millrace::fields("store_id", &StoreFormatted::store_id);
};

/// A container has read its log and serves. `digest` is that of its state at `sequence`, the last
/// record; `torn_bytes` were cut off the log's end.
struct ContainerRecovered {
  std::uint32_t container = 0;
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  std::uint64_t digest = 0;
  std::uint32_t segments = 0;
  std::uint64_t torn_bytes = 0;

  static constexpr std::string_view fact_name = "ContainerRecovered";
  static constexpr auto fields = millrace::fields(
      "container", &ContainerRecovered::container, "epoch", &ContainerRecovered::epoch, "sequence",
      &ContainerRecovered::sequence, "digest", &ContainerRecovered::digest, "segments",
      &ContainerRecovered::segments, "torn_bytes", &ContainerRecovered::torn_bytes);
};

/// All records up to `sequence` are durable, and `digest` is that of the state that they make. A
/// recovery must not end before the last such sequence, and at an equal one with an equal digest.
struct ContainerApplied {
  std::uint32_t container = 0;
  std::uint64_t sequence = 0;
  std::uint64_t digest = 0;

  static constexpr std::string_view fact_name = "ContainerApplied";
  static constexpr auto fields =
      millrace::fields("container", &ContainerApplied::container, "sequence",
                       &ContainerApplied::sequence, "digest", &ContainerApplied::digest);
};

/// What a store holds for its clients at the moment when one of them has hung up. Without
/// connections only those of the server's `tasks` are left that it always has; `operations_pending`
/// are in the log's hands and end by themselves.
struct StoreLoad {
  std::uint64_t connections = 0;
  std::uint64_t tasks = 0;
  std::uint64_t operations_pending = 0;

  static constexpr std::string_view fact_name = "StoreLoad";
  static constexpr auto fields =
      millrace::fields("connections", &StoreLoad::connections, "tasks", &StoreLoad::tasks,
                       "operations_pending", &StoreLoad::operations_pending);
};

/// A segment exists from now on; durable.
struct SegmentCreated {
  SegmentId segment;

  static constexpr std::string_view fact_name = "SegmentCreated";
  static constexpr auto fields = millrace::fields("segment", &SegmentCreated::segment);
};

/// The bounds of a segment as its readers see them, when they changed; durable.
struct SegmentBounds {
  SegmentId segment;
  std::uint64_t start_offset = 0;
  std::uint64_t length = 0;

  static constexpr std::string_view fact_name = "SegmentBounds";
  static constexpr auto fields =
      millrace::fields("segment", &SegmentBounds::segment, "start_offset",
                       &SegmentBounds::start_offset, "length", &SegmentBounds::length);
};

/// A segment takes no more appends; durable.
struct SegmentSealed {
  SegmentId segment;
  std::uint64_t length = 0;

  static constexpr std::string_view fact_name = "SegmentSealed";
  static constexpr auto fields =
      millrace::fields("segment", &SegmentSealed::segment, "length", &SegmentSealed::length);
};

/// A segment lost its bytes before `start_offset`; durable.
struct SegmentTruncated {
  SegmentId segment;
  std::uint64_t start_offset = 0;

  static constexpr std::string_view fact_name = "SegmentTruncated";
  static constexpr auto fields = millrace::fields("segment", &SegmentTruncated::segment,
                                                  "start_offset", &SegmentTruncated::start_offset);
};

/// The end of a log was incomplete, as after a crash within a write, and was cut off.
struct LogTornTail {
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;

  static constexpr std::string_view fact_name = "LogTornTail";
  static constexpr auto fields = millrace::fields(
      "file", &LogTornTail::file, "offset", &LogTornTail::offset, "bytes", &LogTornTail::bytes);
};

/// A log lacks records that were once durable, or holds what cannot be; the process refuses to
/// serve. `file` is empty where the log is whole and yet makes no state.
struct LogCorrupt {
  std::string file;
  std::uint64_t offset = 0;
  std::string why;

  static constexpr std::string_view fact_name = "LogCorrupt";
  static constexpr auto fields = millrace::fields("file", &LogCorrupt::file, "offset",
                                                  &LogCorrupt::offset, "why", &LogCorrupt::why);
};

/// A log refuses all further work after a failed request to its disk. `code` is that request's.
struct LogBroken {
  std::string what;
  std::string code;

  static constexpr std::string_view fact_name = "LogBroken";
  static constexpr auto fields =
      millrace::fields("what", &LogBroken::what, "code", &LogBroken::code);
};

/// Something that the program has no explanation for, though it can go on.
struct Unexpected {
  std::string where;
  std::string why;

  static constexpr std::string_view fact_name = "Unexpected";
  static constexpr auto fields =
      millrace::fields("where", &Unexpected::where, "why", &Unexpected::why);
};

}  // namespace millrace
