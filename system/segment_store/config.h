#pragma once

// How one segment store is set up and tuned.

#include <cstdint>

#include "system/base/knobs.h"
#include "system/base/time.h"
#include "system/base/units.h"

namespace millrace::segment_store {

/// `store_id` and `port` are the deployment's; the rest are knobs.
struct SegmentStoreConfig {
  /// Written to the disk by formatting it, and compared at each start.
  std::uint64_t store_id = 0;
  std::uint16_t port = 9000;

  std::uint32_t log_batch_bytes = 256 * 1024;
  Duration log_batch_delay = microseconds(0);
  std::uint32_t log_file_bytes = 1024 * 1024;
  std::uint32_t log_queue_bytes = 8 * 1024 * 1024;
  std::uint32_t checkpoint_operations = 1000;
  std::uint32_t checkpoint_bytes = 4 * 1024 * 1024;
  std::uint32_t live_bytes_max = 256 * 1024 * 1024;
  std::uint32_t connections_max = 256;
  std::uint32_t replies_max = 256;
  std::uint32_t reads_max = 32;
  std::uint32_t read_bytes_max = 256 * 1024;
  Duration read_wait_max = seconds(10);
  Duration greeting_timeout = seconds(5);
  Duration idle_timeout = seconds(60);
  Duration send_timeout = seconds(10);
  Duration durable_timeout = seconds(60);

  static constexpr auto knobs = millrace::knobs(
      knob("log_batch_bytes", &SegmentStoreConfig::log_batch_bytes,
           {.unit = "bytes",
            .low = 1,
            .high = 1024 * 1024,
            .drawn_low = 1,
            .drawn_high = 64 * 1024,
            .about = "Records gather in one log frame up to this size."}),
      knob("log_batch_delay", &SegmentStoreConfig::log_batch_delay,
           {.unit = {},
            .low = microseconds(0),
            .high = seconds(1),
            .drawn_low = microseconds(0),
            .drawn_high = milliseconds(2),
            .about = "How long the first record of a log frame waits for others."}),
      knob("log_file_bytes", &SegmentStoreConfig::log_file_bytes,
           {.unit = "bytes",
            .low = 1,
            .high = 1024 * 1024 * 1024,
            .drawn_low = 2 * 1024,
            .drawn_high = 64 * 1024,
            .about = "A log file that would outgrow this is followed by a new one."}),
      knob("log_queue_bytes", &SegmentStoreConfig::log_queue_bytes,
           {.unit = "bytes",
            .low = 1,
            .high = 64 * 1024 * 1024,
            .drawn_low = 512,
            .drawn_high = 1024 * 1024,
            .about = "Records that wait for the disk; beyond it requests are refused."}),
      knob("checkpoint_operations", &SegmentStoreConfig::checkpoint_operations,
           {.unit = "operations",
            .low = 1,
            .high = 1'000'000,
            .drawn_low = 5,
            .drawn_high = 200,
            .about = "A checkpoint is logged after that many operations."}),
      knob("checkpoint_bytes", &SegmentStoreConfig::checkpoint_bytes,
           {.unit = "bytes",
            .low = 1,
            .high = 1024 * 1024 * 1024,
            .drawn_low = 4 * 1024,
            .drawn_high = 256 * 1024,
            .about = "A checkpoint is logged after that many bytes of operations."}),
      knob("live_bytes_max", &SegmentStoreConfig::live_bytes_max,
           {.unit = "bytes",
            .low = 1024,
            .high = 1024 * 1024 * 1024,
            .about = "Bytes that are not truncated; beyond it appends are refused."}),
      knob("connections_max", &SegmentStoreConfig::connections_max,
           {.unit = "connections",
            .low = 1,
            .high = 10'000,
            .about = "Connections that are served at once; further ones are closed."}),
      knob("replies_max", &SegmentStoreConfig::replies_max,
           {.unit = "requests",
            .low = 1,
            .high = 10'000,
            .drawn_low = 4,
            .drawn_high = 64,
            .about = "Requests of a connection that wait for the log; then it is not read on."}),
      knob("reads_max", &SegmentStoreConfig::reads_max,
           {.unit = "reads",
            .low = 1,
            .high = 10'000,
            .drawn_low = 4,
            .drawn_high = 32,
            .about = "Reads of a connection that wait at the tail; further ones are refused."}),
      knob("read_bytes_max", &SegmentStoreConfig::read_bytes_max,
           {.unit = "bytes",
            .low = 1,
            .high = 512 * 1024,
            .drawn_low = 128,
            .drawn_high = 64 * 1024,
            .about = "A read gives at most that many bytes."}),
      knob("read_wait_max", &SegmentStoreConfig::read_wait_max,
           {.unit = {},
            .low = milliseconds(1),
            .high = seconds(3600),
            .drawn_low = milliseconds(500),
            .drawn_high = seconds(10),
            .about = "A read waits no longer than this at the tail."}),
      knob("greeting_timeout", &SegmentStoreConfig::greeting_timeout,
           {.unit = {},
            .low = milliseconds(1),
            .high = seconds(60),
            .about = "A new connection must have said hello by then."}),
      knob("idle_timeout", &SegmentStoreConfig::idle_timeout,
           {.unit = {},
            .low = milliseconds(10),
            .high = seconds(3600),
            .drawn_low = seconds(2),
            .drawn_high = seconds(60),
            .about = "A connection that is silent for so long, and owed no answer, is closed."}),
      knob("send_timeout", &SegmentStoreConfig::send_timeout,
           {.unit = {},
            .low = milliseconds(1),
            .high = seconds(600),
            .drawn_low = milliseconds(500),
            .drawn_high = seconds(10),
            .about = "A connection whose client takes no reply for so long is closed."}),
      knob("durable_timeout", &SegmentStoreConfig::durable_timeout,
           {.unit = {},
            .low = milliseconds(1),
            .high = seconds(600),
            .drawn_low = seconds(2),
            .drawn_high = seconds(60),
            .about = "A connection whose request is not durable by then is closed."}));
};

}  // namespace millrace::segment_store
