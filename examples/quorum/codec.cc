#include "quorum/codec.h"

#include <millrace/system/base/codec.h>
#include <millrace/system/base/crc32c.h>

namespace quorum {
namespace {

using millrace::Errc;
using millrace::fail;
using millrace::Reader;
using millrace::Writer;

// The first byte of each frame, so that a later version can tell that it is not meant.
constexpr std::uint8_t kRequestFrame = 0x51;
constexpr std::uint8_t kCellFrame = 0x52;

void put_cell(Writer& out, const Cell& cell) {
  out.u64(cell.version.number);
  out.u64(cell.version.operation);
  out.u64(cell.value);
}

Cell take_cell(Reader& in) {
  Cell cell;
  cell.version.number = in.u64();
  cell.version.operation = in.u64();
  cell.value = in.u64();
  return cell;
}

}  // namespace

std::string to_text(const Version& version) {
  return std::to_string(version.number) + '.' + std::to_string(version.operation);
}

Bytes encode(const Request& request) {
  Bytes frame;
  Writer out(frame);
  out.u8(kRequestFrame);
  out.u8(static_cast<std::uint8_t>(request.kind));
  out.u32(request.key);
  put_cell(out, request.cell);
  return frame;
}

Bytes encode(const Cell& cell) {
  Bytes frame;
  Writer out(frame);
  out.u8(kCellFrame);
  put_cell(out, cell);
  return frame;
}

Result<Request> decode_request(ByteView frame) {
  Reader in(frame);
  if (in.u8() != kRequestFrame) in.reject();
  const std::uint8_t kind = in.u8();
  if (kind != 1 && kind != 2) in.reject();
  Request request{.kind = static_cast<RequestKind>(kind), .key = in.u32(), .cell = {}};
  request.cell = take_cell(in);
  TRY(in.done("a request"));
  return request;
}

Result<Cell> decode_cell(ByteView frame) {
  Reader in(frame);
  if (in.u8() != kCellFrame) in.reject();
  const Cell cell = take_cell(in);
  TRY(in.done("a cell"));
  return cell;
}

Bytes encode(const Record& record) {
  Bytes bytes;
  Writer out(bytes);
  out.u32(record.key);
  put_cell(out, record.cell);
  out.u32(millrace::crc32c(bytes));
  return bytes;
}

Result<Record> decode_record(ByteView bytes) {
  if (bytes.size() != kRecordBytes) return fail(Errc::kCorrupt, "a record of another size");
  Reader in(bytes);
  Record record{.key = in.u32(), .cell = {}};
  record.cell = take_cell(in);
  if (in.u32() != millrace::crc32c(bytes.first(kRecordBytes - 4))) in.reject();
  TRY(in.done("a record"));
  return record;
}

std::string name_frame(ByteView frame) {
  if (const auto request = decode_request(frame)) {
    const std::string key = std::to_string(request->key);
    if (request->kind == RequestKind::kGet) return "get " + key;
    return "put " + key + " := " + std::to_string(request->cell.value);
  }
  if (const auto cell = decode_cell(frame)) return "cell " + to_text(cell->version);
  return "unknown";
}

}  // namespace quorum
