#include "system/wal/local_log.h"

#include <utility>
#include <vector>

#include "system/base/check.h"
#include "system/types/facts.h"
#include "system/wal/log_frame.h"

namespace millrace::wal {

LocalLog::LocalLog(Clock& clock, Tasks& tasks, Disk& disk, Journal& journal,
                   LocalLogOptions options)
    : clock_(clock),
      tasks_(tasks),
      disk_(disk),
      journal_(journal),
      options_(std::move(options)),
      work_(tasks),
      progress_(tasks),
      flusher_(tasks) {
  CHECK(options_.batch_bytes_max > 0, "a batch holds a record");
  CHECK(options_.batch_bytes_max <= kRecordBytesMax, "a batch and one more record fit a frame");
  CHECK(options_.queue_bytes_max > 0, "the queue holds a record");
}

Result<RecoveredLog> LocalLog::recover(const RecordVisitor& visit, LogListener& listener) {
  CHECK(listener_ == nullptr, "a log recovers once");
  listener_ = &listener;
  files_ = TRY(recover_log(disk_, journal_, options_.directory, options_.log_id, visit));

  durable_ = files_.recovered.last;
  batched_ = durable_;
  added_ = durable_;
  start_ = files_.start;
  is_open_ = true;
  flusher_.spawn("wal/flusher", [this] { flush_until_closed(); });
  return files_.recovered;
}

Result<LogAddress> LocalLog::add(Bytes record) {
  CHECK(record.size() <= kRecordBytesMax, "the caller keeps records within the bound");
  if (!is_open_) return fail(Errc::kShuttingDown, "the log takes no more records");
  if (!queue_.empty() && queue_bytes_ + record.size() > options_.queue_bytes_max) {
    journal_.mark("wal.queue_full");
    return fail(Errc::kOverloaded, "the log's queue is full");
  }
  const bool was_empty = queue_.empty();
  const bool was_needed = is_flusher_needed();
  added_ = LogAddress(added_.value() + 1);
  queue_bytes_ += framed_record_bytes(record.size());
  queue_.push_back(std::move(record));
  // The flusher is woken for the first record and for a full batch, not for each one between.
  if (was_empty || (!was_needed && is_flusher_needed())) work_.notify_all();
  return added_;
}

Result<void> LocalLog::wait_durable(LogAddress address, Instant deadline) {
  CHECK(address <= added_, "only what was added can become durable");
  // A log that is closed first makes durable what it took: one of the two always comes.
  TRY(progress_.wait([&] { return durable_ >= address || broken_.has_value(); }, deadline));
  if (durable_ < address) return fail(*broken_);
  return {};
}

void LocalLog::truncate(LogAddress address) {
  CHECK(address.value() <= durable_.value() + 1, "only durable records are let go");
  if (address > start_) start_ = address;
}

Result<void> LocalLog::close(Instant deadline) {
  is_open_ = false;
  work_.notify_all();
  TRY(flusher_.join(deadline));
  if (broken_.has_value()) return fail(*broken_);
  return {};
}

// Whether the flusher has a reason not to wait for more records.
bool LocalLog::is_flusher_needed() const {
  return !is_open_ || queue_bytes_ >= options_.batch_bytes_max ||
         (options_.batch_delay == Duration{} && !queue_.empty());
}

void LocalLog::flush_until_closed() {
  while (wait_for_batch()) {
    const Result<void> written = write_batch();
    if (!written.has_value()) {
      break_log(written.error());
      return;
    }
  }
}

bool LocalLog::wait_for_batch() {
  // Ends with work or with close(), which every owner calls: this task is never cancelled.
  const Result<void> woken =
      work_.wait([&] { return !queue_.empty() || !is_open_; }, Instant::max());
  CHECK(woken.has_value(), "the flusher ends by close() only");
  if (queue_.empty()) return false;
  if (!is_flusher_needed()) {
    ignore(work_.wait([&] { return is_flusher_needed(); }, clock_.now() + options_.batch_delay),
           "a batch that did not fill up in time is written as it is");
  }
  return true;
}

// Between here and the report of durability nothing else writes: frames are durable in order.
Result<void> LocalLog::write_batch() {
  const LogAddress first(batched_.value() + 1);
  const std::vector<Bytes> records = take_batch();
  const Bytes frame = encode_frame({.log_id = options_.log_id,
                                    .epoch = files_.recovered.epoch,
                                    .first = first,
                                    .start = start_,
                                    .record_count = 0},
                                   records);
  const bool has_records = files_.files.back().first < first;
  if (has_records && files_.last_file_bytes + frame.size() > options_.file_bytes_max) {
    TRY(roll_log(disk_, options_.directory, options_.log_id, first, start_, files_));
    journal_.mark("wal.rolled");
    const std::size_t file_count = files_.files.size();
    TRY(remove_garbage(disk_, options_.directory, files_));
    if (files_.files.size() < file_count) journal_.mark("wal.files_removed");
  }
  TRY(write_frame(frame));

  durable_ = batched_;
  journal_.mark("wal.batch_durable");
  {
    const NoBlock atomic(tasks_);
    listener_->on_durable(durable_);
  }
  progress_.notify_all();
  return {};
}

std::vector<Bytes> LocalLog::take_batch() {
  std::vector<Bytes> records;
  std::size_t bytes = 0;
  while (!queue_.empty() && bytes < options_.batch_bytes_max) {
    bytes += framed_record_bytes(queue_.front().size());
    records.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  CHECK(bytes <= queue_bytes_, "the queue's size is that of its records");
  queue_bytes_ -= bytes;
  batched_ = LogAddress(batched_.value() + records.size());
  return records;
}

Result<void> LocalLog::write_frame(ByteView frame) {
  const Result<void> written = files_.last_file->write(files_.last_file_bytes, frame);
  if (!written.has_value()) {
    journal_.mark("wal.write_failed");
    return written;
  }
  journal_.mark("wal.written");
  const Result<void> synced = files_.last_file->sync();
  if (!synced.has_value()) {
    journal_.mark("wal.sync_failed");
    return synced;
  }
  files_.last_file_bytes += frame.size();
  return {};
}

void LocalLog::break_log(const Error& error) {
  journal_.mark("wal.broken");
  journal_.fact(LogBroken{.what = error.detail, .code = std::string(to_text(error.code))});
  is_open_ = false;
  broken_ = error;
  {
    const NoBlock atomic(tasks_);
    listener_->on_broken(error);
  }
  progress_.notify_all();
}

}  // namespace millrace::wal
