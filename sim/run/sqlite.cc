#include "sim/run/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <utility>

namespace millrace::run {
namespace {

/// How long a statement waits for another process, which may be in the midst of a commit.
constexpr int kBusyMs = 10'000;

/// kInvalid where the file is damaged or of something else, kIo otherwise.
std::unexpected<Error> failure(const std::string& path, sqlite3* handle) {
  const int code = sqlite3_errcode(handle) & 0xFF;  // Without what extends it.
  const bool is_damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  return fail(is_damaged ? Errc::kInvalid : Errc::kIo,
              fmt::format("{}: {}", path, sqlite3_errmsg(handle)));
}

}  // namespace

void Statement::Close::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(const std::string& path, sqlite3_stmt* statement)
    : path_(path), statement_(statement) {}

void Statement::bind_at(int index, std::string_view text) {
  sqlite3_bind_text(statement_.get(), index, text.data(), static_cast<int>(text.size()),
                    SQLITE_TRANSIENT);
}

void Statement::bind_at(int index, std::uint64_t value) {
  sqlite3_bind_int64(statement_.get(), index, static_cast<std::int64_t>(value));
}

void Statement::bind_at(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  auto error = failure(path_, sqlite3_db_handle(statement_.get()));
  sqlite3_reset(statement_.get());
  if (code == SQLITE_DONE) return false;
  return error;
}

Result<void> Statement::run() {
  for (;;) {
    const bool has_row = TRY(step());
    if (!has_row) return {};
  }
}

std::string Statement::text(int column) const {
  const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

std::uint64_t Statement::integer(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close(handle); }

Database::Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}

Result<Database> Database::open(const std::string& path, Mode mode) {
  const int flags = SQLITE_OPEN_READWRITE | (mode == Mode::kWrite ? SQLITE_OPEN_CREATE : 0);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  // There is a handle even where it could not be opened: it knows why.
  Database database(path, handle);
  if (code != SQLITE_OK) return failure(path, handle);
  sqlite3_busy_timeout(handle, kBusyMs);
  return database;
}

Result<Database> Database::copy_in_memory() {
  Database copy = TRY(open(":memory:", Mode::kWrite));
  sqlite3_backup* const backup =
      sqlite3_backup_init(copy.handle_.get(), "main", handle_.get(), "main");
  const int code = backup == nullptr ? SQLITE_ERROR : sqlite3_backup_step(backup, -1);
  sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) return failure(path_, copy.handle_.get());
  copy.path_ = path_;
  return copy;
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure(path_, handle_.get());
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  // The statements are ours: what makes no sense of one is a file with other tables.
  if (code == SQLITE_ERROR)
    return fail(Errc::kInvalid, fmt::format("{}: {}", path_, sqlite3_errmsg(handle_.get())));
  if (code != SQLITE_OK) return failure(path_, handle_.get());
  return Statement(path_, statement);
}

std::uint64_t Database::last_row() const {
  return static_cast<std::uint64_t>(sqlite3_last_insert_rowid(handle_.get()));
}

}  // namespace millrace::run
