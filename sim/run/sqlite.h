#pragma once

// SQLite 3 as far as a campaign's database needs it: handles that close themselves, and errors as
// results that name the file: kInvalid where it is damaged, else kIo.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "system/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace millrace::run {

/// A prepared statement. Parameters are numbered from 1 and columns from 0, as SQLite has them.
class Statement {
 public:
  /// Binds in order to the parameters from the first on. A text is copied.
  template <typename... Value>
  Statement& bind(const Value&... values) {
    int index = 0;
    (bind_at(++index, values), ...);
    return *this;
  }

  /// Goes to the next row; false at the end, where the statement can be bound anew. Errors: kIo.
  Result<bool> step();
  /// Steps to the end. Errors: kIo.
  Result<void> run();

  /// Of the row that step() went to.
  std::string text(int column) const;
  std::uint64_t integer(int column) const;

 private:
  friend class Database;
  struct Close {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(const std::string& path, sqlite3_stmt* statement);

  void bind_at(int index, std::string_view text);
  void bind_at(int index, std::uint64_t value);
  void bind_at(int index, std::int64_t value);

  std::string path_;
  std::unique_ptr<sqlite3_stmt, Close> statement_;
};

/// A connection to a file. Never carried over a fork.
class Database {
 public:
  enum class Mode : std::uint8_t { kRead, kWrite };

  /// Opens the file; with kWrite it is made where there is none. Either way what a killed process
  /// left of a transaction is undone, where the file can be written. What another process has
  /// locked is waited for, for up to 10 s. Errors: kIo.
  static Result<Database> open(const std::string& path, Mode mode);

  /// A copy in memory, of the same path in messages. Errors: kInvalid, kIo. Cost: of the file.
  Result<Database> copy_in_memory();

  /// Runs statements without parameters. Errors: kIo, with SQLite's words.
  Result<void> execute(const std::string& sql);
  /// Errors: kInvalid where the file has no such tables; kIo; with SQLite's words.
  Result<Statement> prepare(std::string_view sql);

  /// The id of the row that was inserted last.
  std::uint64_t last_row() const;
  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  Database(std::string path, sqlite3* handle);

  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace millrace::run
