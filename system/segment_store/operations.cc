#include "system/segment_store/operations.h"

#include <utility>

#include "system/base/codec.h"
#include "system/types/event.h"
#include "system/wal/log.h"

namespace millrace::segment_store {
namespace {

// The first byte of a record. Numbers are never reused or changed.
enum class Kind : std::uint8_t {
  kCreate = 1,
  kAppend = 2,
  kSeal = 3,
  kTruncate = 4,
  kCheckpoint = 5,
};

void put(Writer& out, WallTime time) { out.i64(time.ns); }

WallTime take_time(Reader& in) { return {in.i64()}; }

void put_fields(Writer& out, const CreateOperation& create) {
  out.u8(static_cast<std::uint8_t>(Kind::kCreate));
  encode(out, create.segment);
  put(out, create.at);
}

void put_fields(Writer& out, const AppendOperation& append) {
  out.u8(static_cast<std::uint8_t>(Kind::kAppend));
  encode(out, append.segment);
  encode(out, append.writer);
  out.u64(append.first.value());
  out.u64(append.last.value());
  out.u64(append.offset);
  put(out, append.at);
  out.bytes(append.data);
}

void put_fields(Writer& out, const SealOperation& seal) {
  out.u8(static_cast<std::uint8_t>(Kind::kSeal));
  encode(out, seal.segment);
  put(out, seal.at);
}

void put_fields(Writer& out, const TruncateOperation& truncate) {
  out.u8(static_cast<std::uint8_t>(Kind::kTruncate));
  encode(out, truncate.segment);
  out.u64(truncate.start_offset);
  put(out, truncate.at);
}

void put_fields(Writer& out, const CheckpointOperation& checkpoint) {
  out.u8(static_cast<std::uint8_t>(Kind::kCheckpoint));
  out.bytes(checkpoint.state);
}

Operation take_create(Reader& in) {
  CreateOperation create;
  create.segment = decode_segment_id(in);
  create.at = take_time(in);
  return create;
}

Operation take_append(Reader& in) {
  AppendOperation append;
  append.segment = decode_segment_id(in);
  append.writer = decode_writer_id(in);
  append.first = EventNumber(in.u64());
  append.last = EventNumber(in.u64());
  append.offset = in.u64();
  append.at = take_time(in);
  append.data = to_bytes(in.bytes(kAppendBytesMax));
  return append;
}

Operation take_seal(Reader& in) {
  SealOperation seal;
  seal.segment = decode_segment_id(in);
  seal.at = take_time(in);
  return seal;
}

Operation take_truncate(Reader& in) {
  TruncateOperation truncate;
  truncate.segment = decode_segment_id(in);
  truncate.start_offset = in.u64();
  truncate.at = take_time(in);
  return truncate;
}

Operation take_operation(Reader& in) {
  switch (static_cast<Kind>(in.u8())) {
    case Kind::kCreate:
      return take_create(in);
    case Kind::kAppend:
      return take_append(in);
    case Kind::kSeal:
      return take_seal(in);
    case Kind::kTruncate:
      return take_truncate(in);
    case Kind::kCheckpoint:
      return CheckpointOperation{.state = to_bytes(in.bytes(wal::kRecordBytesMax))};
  }
  in.reject();
  return CheckpointOperation{};
}

}  // namespace

Bytes encode(const Operation& operation) {
  Bytes record;
  Writer out(record);
  std::visit([&](const auto& each) { put_fields(out, each); }, operation);
  return record;
}

Result<Operation> decode_operation(ByteView record) {
  Reader in(record);
  Operation operation = take_operation(in);
  TRY(in.done("log operation"));
  return operation;
}

}  // namespace millrace::segment_store
