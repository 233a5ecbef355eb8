#pragma once

// The tables of a campaign's database, and the way from older ones to them.
// docs/formats/campaign-db.md is their documentation.

#include <string>

#include "sim/run/sqlite.h"
#include "system/base/result.h"

namespace millrace::run {

/// Whether a campaign can be appended to this file, or it can be made: looks without changing
/// anything, and without SQLite, so that workers may still be forked.
/// Errors: kInvalid: the file belongs to something else, is damaged in its header, or is of a later
/// version; kIo: it cannot be written.
Result<void> check_database(const std::string& path);

/// The same for a file that has to be there and is only read.
Result<void> check_stored_database(const std::string& path);

/// Whether what is in a file is whole, which the two above passed: SQLite reads all of it, and is
/// done with it when this returns. Nothing where there is no file. Errors: kInvalid: it is damaged;
/// kIo. Cost: of reading the file.
Result<void> check_whole(const std::string& path);

/// Opens a database to be read: what is there has this version's tables, and the file stays as it
/// is. One of an earlier version is read through a copy in memory. Errors: those of
/// check_stored_database(), and kIo with SQLite's words.
Result<Database> open_stored(const std::string& path);

/// Makes the tables in a new file; brings an older file to this version, in one transaction.
/// Errors: kIo, with SQLite's words; the file is then as it was.
Result<void> prepare_tables(Database& database);

}  // namespace millrace::run
