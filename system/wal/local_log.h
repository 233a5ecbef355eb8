#pragma once

// A DurableLog on this machine's disk, without replication.
//
//   add ---> queue ---> flusher: [ batch | write | sync ] ---> on_durable ---> waiters
//
// One task writes. It takes what has gathered as one frame (group commit), and begins the next only
// when the one before is durable. A write or sync that fails is never repeated: after a failed sync
// the bytes may be gone although reads still show them, and a second sync would report success
// without writing them. The log then breaks for good, and the next instance's recovery decides what
// was kept.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/time.h"
#include "system/env/clock.h"
#include "system/env/disk.h"
#include "system/env/journal.h"
#include "system/env/sync.h"
#include "system/env/tasks.h"
#include "system/wal/log.h"
#include "system/wal/log_files.h"

namespace millrace::wal {

/// Where a log lies and how it is written.
struct LocalLogOptions {
  /// Made by format_log.
  std::string directory;
  std::uint64_t log_id = 0;
  /// A frame takes no further record once it has this many bytes of them; at least 1.
  std::size_t batch_bytes_max = 256 * 1024;
  /// How long the first record of a frame waits for others.
  Duration batch_delay = Duration{};
  /// A file that would outgrow this is followed by a new one; a larger frame gets a file of its
  /// own.
  std::uint64_t file_bytes_max = 1024 * 1024;
  /// Records that wait for the disk, in bytes; more are refused. At least 1.
  std::size_t queue_bytes_max = 8 * 1024 * 1024;
};

/// See DurableLog. The capabilities outlive it. It is closed before it is destroyed (checked),
/// unless recover() failed.
class LocalLog final : public DurableLog {
 public:
  LocalLog(Clock& clock, Tasks& tasks, Disk& disk, Journal& journal, LocalLogOptions options);
  ~LocalLog() override = default;
  LocalLog(const LocalLog&) = delete;
  LocalLog& operator=(const LocalLog&) = delete;

  Result<RecoveredLog> recover(const RecordVisitor& visit, LogListener& listener) override;
  Result<LogAddress> add(Bytes record) override;
  Result<void> wait_durable(LogAddress address, Instant deadline) override;
  LogAddress durable() const override { return durable_; }
  void truncate(LogAddress address) override;
  Result<void> close(Instant deadline) override;

 private:
  void flush_until_closed();
  /// Waits until there is a batch to write; false when the log is closed and nothing is left.
  bool wait_for_batch();
  Result<void> write_batch();
  std::vector<Bytes> take_batch();
  Result<void> write_frame(ByteView frame);
  void break_log(const Error& error);
  bool is_flusher_needed() const;

  Clock& clock_;
  Tasks& tasks_;
  Disk& disk_;
  Journal& journal_;
  const LocalLogOptions options_;
  LogListener* listener_ = nullptr;

  LogFiles files_;
  /// Records that no frame holds yet; the first has the address after `batched_`.
  std::deque<Bytes> queue_;
  std::size_t queue_bytes_ = 0;
  /// durable_ <= batched_ <= added_. Those up to `batched_` were given to the disk.
  LogAddress durable_;
  LogAddress batched_;
  LogAddress added_;
  /// Records before it are let go; the disk learns of it with the next file.
  LogAddress start_{1};
  bool is_open_ = false;
  std::optional<Error> broken_;

  Condition work_;
  Condition progress_;
  TaskGroup flusher_;
};

}  // namespace millrace::wal
