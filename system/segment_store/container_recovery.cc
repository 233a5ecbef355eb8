#include "system/segment_store/container_recovery.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace millrace::segment_store {

Result<void> ContainerRecovery::add(wal::LogAddress address, ByteView record) {
  if (address == wal::LogAddress(1)) has_state_ = true;
  Operation operation = TRY(decode_operation(record));
  ++operations_since_checkpoint;
  bytes_since_checkpoint += record.size();
  if (std::holds_alternative<CheckpointOperation>(operation)) {
    operations_since_checkpoint = 0;
    bytes_since_checkpoint = 0;
  }
  if (!has_state_) return gather(address, std::move(operation));
  return fold(address, std::move(operation));
}

Result<void> ContainerRecovery::finish(wal::LogAddress first) {
  // A new log has no record yet, and its state is that of nothing.
  if (first == wal::LogAddress(1)) has_state_ = true;
  if (!has_state_) return fail(Errc::kCorrupt, "the log holds no checkpoint with all its data");
  return {};
}

Result<void> ContainerRecovery::fold(wal::LogAddress address, Operation operation) {
  const Result<void> applied = state.try_apply(operation);
  if (!applied.has_value()) {
    return fail(Errc::kCorrupt, "record " + std::to_string(address.value()) +
                                    " cannot follow: " + to_text(applied.error()));
  }
  if (auto* append = std::get_if<AppendOperation>(&operation)) {
    return add_data(address, std::move(*append));
  }
  if (const auto* truncate = std::get_if<TruncateOperation>(&operation)) {
    data[truncate->segment].truncate(truncate->start_offset);
  }
  return {};
}

Result<void> ContainerRecovery::gather(wal::LogAddress address, Operation operation) {
  if (auto* append = std::get_if<AppendOperation>(&operation)) {
    return add_data(address, std::move(*append));
  }
  if (const auto* checkpoint = std::get_if<CheckpointOperation>(&operation)) {
    return begin_at(*checkpoint);
  }
  return {};
}

// Adopts a checkpoint if all data is here that was live at it. An older one may name data that was
// let go since, together with records that a newer checkpoint covers.
Result<void> ContainerRecovery::begin_at(const CheckpointOperation& checkpoint) {
  ContainerState candidate = TRY(ContainerState::decode(checkpoint.state));
  const bool is_complete = std::ranges::all_of(candidate.segments(), [&](const auto& entry) {
    const auto& [id, segment] = entry;
    const auto found = data.find(id);
    if (found == data.end()) return segment.start_offset == segment.length;
    return found->second.covers(segment.start_offset, segment.length);
  });
  if (!is_complete) return {};
  for (auto& [id, bytes] : data) {
    const SegmentState* segment = candidate.find(id);
    if (segment == nullptr) return fail(Errc::kCorrupt, "data of a segment that is not there");
    bytes.truncate(segment->start_offset);
  }
  state = std::move(candidate);
  has_state_ = true;
  return {};
}

Result<void> ContainerRecovery::add_data(wal::LogAddress address, AppendOperation append) {
  SegmentData& segment = data[append.segment];
  if (append.data.empty() || !segment.continues_at(append.offset)) {
    return fail(Errc::kCorrupt, "data with a gap in " + to_text(append.segment));
  }
  segment.add(append.offset, std::move(append.data), address);
  return {};
}

}  // namespace millrace::segment_store
