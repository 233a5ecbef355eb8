#include "system/segment_store/identity.h"

#include <memory>
#include <string_view>
#include <utility>

#include "system/base/codec.h"
#include "system/base/crc32c.h"

namespace millrace::segment_store {
namespace {

constexpr std::string_view kPath = "identity";
constexpr std::string_view kNewPath = "identity.new";
constexpr std::uint32_t kMagic = 0x4453524d;  // "MRSD" as bytes.
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kBytes = 4 + 4 + 8 + 8 + 4;

Bytes encode(const Identity& identity) {
  Bytes bytes;
  Writer out(bytes);
  out.u32(kMagic);
  out.u32(kVersion);
  out.u64(identity.store_id);
  out.u64(identity.log_id);
  out.u32(crc32c(bytes));
  return bytes;
}

}  // namespace

Result<void> write_identity(Disk& disk, const Identity& identity) {
  {
    const auto file = TRY(disk.open(kNewPath, OpenMode::kEither));
    TRY(file->truncate(0));
    TRY(file->write(0, encode(identity)));
    TRY(file->sync());
  }
  TRY(disk.rename(kNewPath, kPath));
  TRY(disk.sync_directory(""));
  return {};
}

Result<Identity> read_identity(Disk& disk) {
  Result<std::unique_ptr<File>> opened = disk.open(kPath, OpenMode::kExisting);
  if (failed_with(opened, Errc::kNotFound)) {
    return fail(Errc::kForeign, "the disk is not formatted");
  }
  const std::unique_ptr<File> file = TRY(std::move(opened));
  const Bytes bytes = TRY(file->read(0, kBytes + 1));
  Reader in(bytes);
  const std::uint32_t magic = in.u32();
  const std::uint32_t version = in.u32();
  Identity identity;
  identity.store_id = in.u64();
  identity.log_id = in.u64();
  const std::uint32_t checksum = in.u32();
  TRY(in.done("identity"));
  if (magic != kMagic || checksum != crc32c(ByteView(bytes).first(kBytes - 4))) {
    return fail(Errc::kCorrupt, "the identity is damaged");
  }
  if (version != kVersion) return fail(Errc::kForeign, "formatted by another version");
  // The process that formatted may have been killed before it synced.
  TRY(file->sync());
  TRY(disk.sync_directory(""));
  return identity;
}

Result<void> remove_identity(Disk& disk) {
  Result<void> removed = disk.unlink(kPath);
  if (!removed.has_value() && !failed_with(removed, Errc::kNotFound)) return removed;
  return disk.sync_directory("");
}

}  // namespace millrace::segment_store
