#pragma once

// The durable log of one container: records in one total order, written by one owner.
//
// The owner first recovers: it is shown every record that is left, in order. Then it adds records,
// which get consecutive addresses, and is told how far they are durable. Everything else (a local
// disk, a quorum of machines) is the implementation's.
//
// What is durable after a crash is a prefix of what was added. It contains every record that was
// reported durable, perhaps more, and never a gap. Any failure is final for an instance: what was
// not reported durable by then is unknown until the next recovery has read it, and nobody may
// guess.

#include <compare>
#include <cstdint>
#include <functional>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/strong_id.h"
#include "system/base/time.h"

namespace millrace::wal {

struct LogAddressTag;
/// Place of a record in its log: 1 for the first, then dense. 0 is before all of them.
using LogAddress = StrongId<LogAddressTag, std::uint64_t>;

/// The largest record.
inline constexpr std::size_t kRecordBytesMax = 4 * 1024 * 1024;

/// What recovery found.
struct RecoveredLog {
  /// The first and the last record that are left; `last` is `first` - 1 where there is none.
  LogAddress first{1};
  LogAddress last{0};
  /// Grows with each recovery after which something was written.
  std::uint64_t epoch = 0;
  /// Bytes of an incomplete write that were cut off.
  std::uint64_t torn_bytes = 0;
};

/// Is shown each record by recovery; an error ends the recovery, which returns it. Must not keep
/// the bytes and must not give way.
using RecordVisitor = std::function<Result<void>(LogAddress address, ByteView record)>;

/// Hears of progress. Both calls must not give way; they come before any waiter resumes, so that a
/// return from `wait_durable` finds their effects.
class LogListener {
 public:
  virtual ~LogListener() = default;

  /// All records up to `address` are durable. Addresses rise from call to call.
  virtual void on_durable(LogAddress address) = 0;

  /// The log takes and promises nothing any more. Called once at most.
  virtual void on_broken(const Error& error) = 0;
};

/// A log with one owner, used by the tasks of one process.
class DurableLog {
 public:
  virtual ~DurableLog() = default;

  /// Shows all records and makes the log ready for new ones. Called once, before anything else.
  /// What it showed is durable when it returns. `listener` outlives the log's last call.
  /// Errors: kCorrupt where durable records are missing or damaged, and the log must not be used;
  /// kIo, kNoSpace, after which another instance may try again; what `visit` returned.
  /// Blocks: reads all of the log.
  virtual Result<RecoveredLog> recover(const RecordVisitor& visit, LogListener& listener) = 0;

  /// Takes a record of at most kRecordBytesMax bytes (checked). Never gives way. The record becomes
  /// durable after all earlier ones, or the log breaks.
  /// Errors: kOverloaded where too many bytes wait (not taken, and nothing else changed);
  /// kShuttingDown where the log is closed or broken (not taken).
  virtual Result<LogAddress> add(Bytes record) = 0;

  /// Waits until `address`, which `add` gave, is durable.
  /// Errors: the failure that broke the log, kTimeout, kCancelled; all of them leave unknown
  /// whether the next recovery will find the record.
  virtual Result<void> wait_durable(LogAddress address, Instant deadline) = 0;

  /// The last durable record.
  virtual LogAddress durable() const = 0;

  /// Lets go of records before `address`, which is at most one past the last durable record
  /// (checked). Space is freed later, and recovery may still show some of them. Never gives way.
  virtual void truncate(LogAddress address) = 0;

  /// Takes no more records, makes durable what was taken, and stops. Afterwards `add` refuses, and
  /// the listener hears nothing more. Called also on a broken log.
  /// Errors: the failure that broke the log, and then it has stopped; kTimeout, kCancelled, and
  /// then close() must be called again.
  virtual Result<void> close(Instant deadline) = 0;
};

}  // namespace millrace::wal
