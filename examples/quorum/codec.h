#pragma once

// What the replicas store and send: a few integers, little-endian, and a checksum where a disk may
// have bitten. Whatever does not fit is kCorrupt: bytes of a peer or a disk are never trusted.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <millrace/system/base/bytes.h>
#include <millrace/system/base/result.h>
#include <string>

namespace quorum {

using millrace::Bytes;
using millrace::ByteView;
using millrace::Result;

/// When a value was written. Writers choose a number above all that they saw; the writing operation
/// tells two of one number apart. Zeros stand for "never".
struct Version {
  std::uint64_t number = 0;
  std::uint64_t operation = 0;

  friend auto operator<=>(const Version&, const Version&) = default;
};

/// "3.17": the number and the operation.
std::string to_text(const Version& version);

/// What a replica knows of one key.
struct Cell {
  Version version;
  std::uint64_t value = 0;

  friend bool operator==(const Cell&, const Cell&) = default;
};

enum class RequestKind : std::uint8_t {
  kGet = 1,  ///< What do you know of this key?
  kPut = 2,  ///< Know at least this.
};

/// `cell` is for kPut. The reply to either is a cell: what the replica knows, or what it was told.
struct Request {
  RequestKind kind = RequestKind::kGet;
  std::uint32_t key = 0;
  Cell cell;

  friend bool operator==(const Request&, const Request&) = default;
};

Bytes encode(const Request& request);
Bytes encode(const Cell& cell);
Result<Request> decode_request(ByteView frame);
Result<Cell> decode_cell(ByteView frame);

/// A cell of a key on disk. All records have one size, so that a damaged one hides no other.
struct Record {
  std::uint32_t key = 0;
  Cell cell;

  friend bool operator==(const Record&, const Record&) = default;
};

inline constexpr std::size_t kRecordBytes = 32;

/// Ends with a checksum of all before it.
Bytes encode(const Record& record);
/// Errors: kCorrupt where the checksum or the size is wrong.
Result<Record> decode_record(ByteView bytes);

/// What a frame is called in traces and reports: "get 3", "put 3 := 17", "cell 3.17".
std::string name_frame(ByteView frame);

}  // namespace quorum
