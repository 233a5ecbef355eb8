#include "quorum/cell_log.h"

#include <string>
#include <utility>

namespace quorum {
namespace {

using millrace::Disk;
using millrace::Errc;
using millrace::fail;
using millrace::File;
using millrace::OpenMode;

constexpr std::string_view kOwnerFile = "owner";
constexpr std::string_view kCellsFile = "cells";
constexpr std::string_view kNewCellsFile = "cells.new";
constexpr std::size_t kOwnerBytesMax = 64;

Result<void> check_owner(Disk& disk, std::string_view owner) {
  auto opened = disk.open(kOwnerFile, OpenMode::kExisting);
  if (failed_with(opened, Errc::kNotFound)) return fail(Errc::kForeign, "not formatted");
  const std::unique_ptr<File> file = TRY(std::move(opened));
  const Bytes name = TRY(file->read(0, kOwnerBytesMax));
  if (millrace::as_text(name) != owner) {
    return fail(Errc::kForeign, "formatted for " + std::string(millrace::as_text(name)));
  }
  return {};
}

Result<CellLog::Cells> read_cells(Disk& disk) {
  const std::unique_ptr<File> file = TRY(disk.open(kCellsFile, OpenMode::kExisting));
  const std::uint64_t size = TRY(file->size());
  const Bytes stored = TRY(file->read(0, static_cast<std::size_t>(size)));
  CellLog::Cells cells;
  for (std::size_t at = 0; at + kRecordBytes <= stored.size(); at += kRecordBytes) {
    const auto record = decode_record(millrace::ByteView(stored).subspan(at, kRecordBytes));
    if (!record.has_value()) continue;
    Cell& cell = cells[record->key];
    if (cell.version < record->cell.version) cell = record->cell;
  }
  return cells;
}

}  // namespace

CellLog::CellLog(std::unique_ptr<File> file, std::uint64_t size, Cells cells)
    : file_(std::move(file)), size_(size), cells_(std::move(cells)) {}

Result<void> CellLog::format(Disk& disk, std::string_view owner) {
  const std::unique_ptr<File> cells = TRY(disk.open(kCellsFile, OpenMode::kEither));
  TRY(cells->sync());
  const std::unique_ptr<File> file = TRY(disk.open(kOwnerFile, OpenMode::kEither));
  TRY(file->write(0, millrace::as_bytes(owner)));
  TRY(file->sync());
  return disk.sync_directory("");
}

Result<CellLog> CellLog::open(Disk& disk, std::string_view owner) {
  TRY(check_owner(disk, owner));
  Cells cells = TRY(read_cells(disk));
  Bytes snapshot;
  for (const auto& [key, cell] : cells) {
    millrace::append(snapshot, encode(Record{.key = key, .cell = cell}));
  }
  std::unique_ptr<File> file = TRY(disk.open(kNewCellsFile, OpenMode::kEither));
  TRY(file->truncate(0));
  TRY(file->write(0, snapshot));
  TRY(file->sync());
  TRY(disk.rename(kNewCellsFile, kCellsFile));
  TRY(disk.sync_directory(""));
  return CellLog(std::move(file), snapshot.size(), std::move(cells));
}

Result<void> CellLog::append(const Record& record) {
  TRY(file_->write(size_, encode(record)));
  TRY(file_->sync());
  size_ += kRecordBytes;
  return {};
}

}  // namespace quorum
