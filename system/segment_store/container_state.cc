#include "system/segment_store/container_state.h"

#include <array>
#include <string>
#include <utility>
#include <xxhash.h>

#include "system/base/check.h"
#include "system/base/codec.h"
#include "system/types/event.h"
#include "system/wal/log.h"

namespace millrace::segment_store {
namespace {

constexpr std::uint16_t kCheckpointVersion = 1;

// Upper bounds of what `put` writes.
constexpr std::size_t kHeadBytes = 2 + 8 + 4;
constexpr std::size_t kSegmentBytesMax = 4 + StreamName::kBytesMax + 4 + 4 * 8 + 1 + 4;
constexpr std::size_t kWriterBytes = 16 + 3 * 8;
static_assert(kSegmentsMax * kSegmentBytesMax + kWritersMax * kWriterBytes + kHeadBytes <
                  wal::kRecordBytesMax,
              "the largest state fits into one record");

std::uint64_t hash_bytes(ByteView bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

/// Numbers as Writer::u64() puts them, but all in one step: a state is little else, and it is put
/// whole into each checkpoint and piece by piece into the digest.
template <std::size_t kCount>
void put_numbers(Writer& out, const std::array<std::uint64_t, kCount>& numbers) {
  std::array<std::byte, 8 * kCount> bytes = {};
  for (std::size_t i = 0; i < kCount; ++i) {
    for (std::size_t byte = 0; byte < 8; ++byte) {
      bytes[8 * i + byte] = static_cast<std::byte>(numbers[i] >> (8 * byte));
    }
  }
  out.raw(bytes);
}

void put(Writer& out, const SegmentId& id, const SegmentState& segment) {
  encode(out, id);
  put_numbers(out, std::array{segment.start_offset, segment.length});
  out.boolean(segment.is_sealed);
  const auto last_modified = static_cast<std::uint64_t>(segment.last_modified.ns);
  put_numbers(out, std::array{last_modified, segment.content_hash});
}

void put(Writer& out, const WriterId& id, const WriterState& writer) {
  encode(out, id);
  put_numbers(out,
              std::array{writer.last.value(), writer.block_first.value(), writer.block_offset});
}

std::uint64_t hash_of(const SegmentId& id, const SegmentState& segment) {
  Bytes bytes;
  bytes.reserve(kSegmentBytesMax);
  Writer out(bytes);
  put(out, id, segment);
  return hash_bytes(bytes, 1);
}

std::uint64_t hash_of(const SegmentId& segment, const WriterId& id, const WriterState& writer) {
  Bytes bytes;
  bytes.reserve(kSegmentBytesMax + kWriterBytes);
  Writer out(bytes);
  encode(out, segment);
  put(out, id, writer);
  return hash_bytes(bytes, 2);
}

}  // namespace

std::optional<EventNumber> last_number(const WriterState* writer) {
  if (writer == nullptr) return std::nullopt;
  return writer->last;
}

bool is_sensible_block(EventNumber first, EventNumber last, ByteView data) {
  return first <= last && last.value() < kEventNumberMax && !data.empty() &&
         data.size() <= kAppendBytesMax;
}

BlockVerdict judge_block(std::optional<EventNumber> last, EventNumber block_first,
                         EventNumber block_last) {
  CHECK(block_first <= block_last, "the server refuses blocks without events");
  const EventNumber expected = last.has_value() ? next(*last) : EventNumber(0);
  if (block_first == expected) return BlockVerdict::kNext;
  if (block_first > expected) return BlockVerdict::kGap;
  return block_last < expected ? BlockVerdict::kDuplicate : BlockVerdict::kOverlap;
}

const WriterState* SegmentState::find_writer(const WriterId& writer) const {
  const auto found = writers.find(writer);
  return found == writers.end() ? nullptr : &found->second;
}

const SegmentState* ContainerState::find(const SegmentId& segment) const {
  const auto found = segments_.find(segment);
  return found == segments_.end() ? nullptr : &found->second;
}

Result<void> ContainerState::validate(const Operation& operation) const {
  if (const auto* checkpoint = std::get_if<CheckpointOperation>(&operation)) {
    if (checkpoint->state != encode()) return fail(Errc::kCorrupt, "a checkpoint of another state");
    return {};
  }
  if (const auto* append = std::get_if<AppendOperation>(&operation)) {
    return validate_append(*append);
  }
  if (const auto* create = std::get_if<CreateOperation>(&operation)) {
    if (find(create->segment) != nullptr) return fail(Errc::kAlreadyExists);
    if (segments_.size() >= kSegmentsMax) return fail(Errc::kOverloaded, "too many segments");
    return {};
  }
  if (const auto* seal = std::get_if<SealOperation>(&operation)) {
    const SegmentState* segment = find(seal->segment);
    if (segment == nullptr) return fail(Errc::kNotFound, to_text(seal->segment));
    if (segment->is_sealed) return fail(Errc::kSealed);
    return {};
  }
  const auto& truncate = std::get<TruncateOperation>(operation);
  const SegmentState* segment = find(truncate.segment);
  if (segment == nullptr) return fail(Errc::kNotFound, to_text(truncate.segment));
  if (truncate.start_offset > segment->length) {
    return fail(Errc::kBadOffset, "the segment ends before that offset");
  }
  if (truncate.start_offset <= segment->start_offset) return fail(Errc::kTruncated);
  return {};
}

Result<void> ContainerState::validate_append(const AppendOperation& append) const {
  const SegmentState* segment = find(append.segment);
  if (segment == nullptr) return fail(Errc::kNotFound, to_text(append.segment));

  if (!is_sensible_block(append.first, append.last, append.data)) {
    return fail(Errc::kInvalid, "a block without sense");
  }
  const WriterState* writer = segment->find_writer(append.writer);
  if (judge_block(last_number(writer), append.first, append.last) != BlockVerdict::kNext) {
    return fail(Errc::kBadEventNumber);
  }
  if (writer == nullptr && writer_count_ >= kWritersMax) {
    return fail(Errc::kOverloaded, "too many writers");
  }
  if (segment->is_sealed) return fail(Errc::kSealed);
  if (append.offset != segment->length) return fail(Errc::kBadOffset);
  return {};
}

void ContainerState::apply(const Operation& operation) {
  const Result<void> applied = try_apply(operation);
  CHECK(applied.has_value(), "only valid operations are logged");
}

Result<void> ContainerState::try_apply(const Operation& operation) {
  TRY(validate(operation));
  std::visit([this](const auto& one) { apply_one(one); }, operation);
  return {};
}

SegmentState& ContainerState::existing(const SegmentId& segment) {
  const auto found = segments_.find(segment);
  CHECK(found != segments_.end(), "a valid operation names a segment");
  return found->second;
}

void ContainerState::apply_one(const CreateOperation& create) {
  SegmentState segment;
  segment.last_modified = create.at;
  digest_ += hash_of(create.segment, segment);
  segments_.emplace(create.segment, segment);
}

void ContainerState::apply_one(const AppendOperation& append) {
  SegmentState& segment = existing(append.segment);
  digest_ -= hash_of(append.segment, segment);
  segment.length += append.data.size();
  segment.last_modified = append.at;
  segment.content_hash = hash_bytes(append.data, segment.content_hash);
  digest_ += hash_of(append.segment, segment);

  const auto [writer, is_new] = segment.writers.try_emplace(append.writer);
  if (is_new) {
    ++writer_count_;
  } else {
    digest_ -= hash_of(append.segment, append.writer, writer->second);
  }
  writer->second = {
      .last = append.last, .block_first = append.first, .block_offset = append.offset};
  digest_ += hash_of(append.segment, append.writer, writer->second);
}

void ContainerState::apply_one(const SealOperation& seal) {
  SegmentState& segment = existing(seal.segment);
  digest_ -= hash_of(seal.segment, segment);
  segment.is_sealed = true;
  segment.last_modified = seal.at;
  digest_ += hash_of(seal.segment, segment);
}

void ContainerState::apply_one(const TruncateOperation& truncate) {
  SegmentState& segment = existing(truncate.segment);
  digest_ -= hash_of(truncate.segment, segment);
  segment.start_offset = truncate.start_offset;
  segment.last_modified = truncate.at;
  digest_ += hash_of(truncate.segment, segment);
}

// A checkpoint says what is so already.
void ContainerState::apply_one(const CheckpointOperation& /*checkpoint*/) {}

Bytes ContainerState::encode() const {
  Bytes bytes;
  bytes.reserve(kHeadBytes + segments_.size() * kSegmentBytesMax + writer_count_ * kWriterBytes);
  Writer out(bytes);
  out.u16(kCheckpointVersion);
  out.u64(digest_);
  out.u32(static_cast<std::uint32_t>(segments_.size()));
  for (const auto& [id, segment] : segments_) {
    put(out, id, segment);
    out.u32(static_cast<std::uint32_t>(segment.writers.size()));
    for (const auto& [writer_id, writer] : segment.writers) put(out, writer_id, writer);
  }
  return bytes;
}

Result<ContainerState> ContainerState::decode(ByteView bytes) {
  Reader in(bytes);
  if (in.u16() != kCheckpointVersion) return fail(Errc::kCorrupt, "unknown checkpoint version");
  const std::uint64_t digest = in.u64();
  const std::uint32_t segment_count = in.u32();
  ContainerState state;
  for (std::uint32_t i = 0; i < segment_count && !in.failed(); ++i) {
    const SegmentId id = decode_segment_id(in);
    SegmentState segment;
    segment.start_offset = in.u64();
    segment.length = in.u64();
    segment.is_sealed = in.boolean();
    segment.last_modified = {in.i64()};
    segment.content_hash = in.u64();
    state.digest_ += hash_of(id, segment);

    const std::uint32_t writer_count = in.u32();
    for (std::uint32_t j = 0; j < writer_count && !in.failed(); ++j) {
      const WriterId writer_id = decode_writer_id(in);
      WriterState writer;
      writer.last = EventNumber(in.u64());
      writer.block_first = EventNumber(in.u64());
      writer.block_offset = in.u64();
      const bool is_sane = writer.block_first <= writer.last &&
                           writer.last.value() < kEventNumberMax &&
                           writer.block_offset < segment.length;
      if (!is_sane) in.reject();
      state.digest_ += hash_of(id, writer_id, writer);
      segment.writers.emplace(writer_id, writer);
    }
    state.writer_count_ += segment.writers.size();
    if (segment.start_offset > segment.length) in.reject();
    state.segments_.emplace(id, std::move(segment));
  }
  TRY(in.done("checkpoint"));
  // The sum also tells of a name that came twice.
  if (state.digest_ != digest) return fail(Errc::kCorrupt, "a checkpoint with a wrong digest");
  return state;
}

}  // namespace millrace::segment_store
