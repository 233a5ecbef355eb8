#pragma once

// What a container knows of its segments: the fold of its log's operations, without the data.
//
// A container holds two of these: one that is ahead, to which each operation is applied as it is
// accepted and against which the next is judged, and one that follows when the log has made the
// operation durable and from which readers are answered.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/time.h"
#include "system/segment_store/operations.h"
#include "system/types/event_number.h"
#include "system/types/segment_id.h"
#include "system/types/writer_id.h"

namespace millrace::segment_store {

/// Bounds of one container. A checkpoint of that many fits into a record of the log.
inline constexpr std::size_t kSegmentsMax = 4096;
inline constexpr std::size_t kWritersMax = 65536;

/// How far a writer came in a segment, and its last block.
struct WriterState {
  EventNumber last;
  EventNumber block_first;
  std::uint64_t block_offset = 0;

  friend bool operator==(const WriterState&, const WriterState&) = default;
};

/// The last number of a writer, or of none: null.
std::optional<EventNumber> last_number(const WriterState* writer);

/// Whether a block has events, legal numbers and no more bytes than one append takes.
bool is_sensible_block(EventNumber first, EventNumber last, ByteView data);

/// One segment. Invariant: start_offset <= length.
struct SegmentState {
  std::uint64_t start_offset = 0;
  std::uint64_t length = 0;
  bool is_sealed = false;
  WallTime last_modified;
  /// Over all bytes that were ever appended, block by block.
  std::uint64_t content_hash = 0;
  std::map<WriterId, WriterState> writers;

  const WriterState* find_writer(const WriterId& writer) const;

  friend bool operator==(const SegmentState&, const SegmentState&) = default;
};

/// The segments of a container.
class ContainerState {
 public:
  /// The segment, or null. Valid until it changes.
  const SegmentState* find(const SegmentId& segment) const;

  const std::map<SegmentId, SegmentState>& segments() const { return segments_; }

  /// Whether `operation` may come next. The order of the reasons is part of the contract: whether
  /// the segment exists, the writer's event numbers, whether it is sealed, the offset.
  /// Errors: kNotFound, kAlreadyExists, kInvalid (no events, or too many bytes), kBadEventNumber,
  /// kSealed, kBadOffset, kTruncated, kOverloaded (a bound of the container); kCorrupt for a
  /// checkpoint that is not of this state.
  Result<void> validate(const Operation& operation) const;

  /// Applies a valid operation (checked). Cost: O(log n) and the length of the data.
  void apply(const Operation& operation);

  /// Applies an operation if it is valid. Errors: as validate, and then nothing changed.
  Result<void> try_apply(const Operation& operation);

  /// A number that two states share when they are equal, and hardly otherwise. Cost: O(1).
  std::uint64_t digest() const { return digest_; }

  /// The state as bytes, for a checkpoint, and back. Errors: kCorrupt.
  Bytes encode() const;
  static Result<ContainerState> decode(ByteView bytes);

  friend bool operator==(const ContainerState&, const ContainerState&) = default;

 private:
  Result<void> validate_append(const AppendOperation& append) const;
  void apply_one(const CreateOperation& create);
  void apply_one(const AppendOperation& append);
  void apply_one(const SealOperation& seal);
  void apply_one(const TruncateOperation& truncate);
  void apply_one(const CheckpointOperation& checkpoint);
  SegmentState& existing(const SegmentId& segment);

  std::map<SegmentId, SegmentState> segments_;
  std::size_t writer_count_ = 0;
  /// The sum of the hashes of all segments and writers, kept up to date with each change.
  std::uint64_t digest_ = 0;
};

/// Judges the numbers of a writer's next block against the last number it got to; none for a writer
/// that never wrote.
enum class BlockVerdict : std::uint8_t { kNext, kDuplicate, kOverlap, kGap };
BlockVerdict judge_block(std::optional<EventNumber> last, EventNumber block_first,
                         EventNumber block_last);

}  // namespace millrace::segment_store
