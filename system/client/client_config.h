#pragma once

// What may be tuned in a client. One configuration serves writers, readers and administration.

#include <cstdint>

#include "system/base/knobs.h"
#include "system/base/time.h"
#include "system/base/units.h"
#include "system/types/event.h"
#include "system/wire/messages.h"

namespace millrace::client {

/// Timeouts, bounds and batch sizes. Values outside the legal ranges of `knobs` break the client.
struct ClientConfig {
  // The way to the store.
  Duration connect_timeout = seconds(1);
  Duration setup_timeout = seconds(2);
  Duration request_timeout = seconds(2);
  Duration keep_alive_after = seconds(1);
  Duration keep_alive_timeout = seconds(2);
  Duration backoff_initial = milliseconds(1);
  Duration backoff_max = seconds(1);
  std::uint32_t attempts_max = 1'000;

  // Writing.
  std::uint32_t block_bytes_max = 32 * kKiB;
  std::uint32_t block_events_max = 500;
  std::uint32_t blocks_in_flight_max = 8;
  std::uint32_t queue_bytes_max = 256 * kKiB;

  // Reading.
  std::uint32_t read_bytes_max = 64 * kKiB;
  // A read that ends with nothing costs two messages. Guess: a reader may take so long to notice
  // that its way to the store is dead.
  Duration read_wait = seconds(5);

  static constexpr auto knobs = millrace::knobs(
      knob("connect_timeout", &ClientConfig::connect_timeout,
           {.low = milliseconds(1),
            .high = seconds(60),
            .drawn_low = milliseconds(100),
            .drawn_high = seconds(2),
            .about = "How long one attempt to connect may take."}),
      knob("setup_timeout", &ClientConfig::setup_timeout,
           {.low = milliseconds(1),
            .high = seconds(60),
            .drawn_low = milliseconds(200),
            .drawn_high = seconds(4),
            .about = "How long a fresh connection may take to greet and to set up a writer."}),
      knob("request_timeout", &ClientConfig::request_timeout,
           {.low = milliseconds(1),
            .high = seconds(60),
            .drawn_low = milliseconds(200),
            .drawn_high = seconds(4),
            .about = "How long the store may take to answer a request, beyond its own waiting."}),
      knob("keep_alive_after", &ClientConfig::keep_alive_after,
           {.low = milliseconds(1),
            .high = seconds(60),
            .drawn_low = milliseconds(100),
            .drawn_high = seconds(2),
            .about =
                "Silence after which a writer that waits for answers asks for a sign of life."}),
      knob("keep_alive_timeout", &ClientConfig::keep_alive_timeout,
           {.low = milliseconds(1),
            .high = seconds(60),
            .drawn_low = milliseconds(200),
            .drawn_high = seconds(4),
            .about = "Further silence after which a writer takes its connection for dead."}),
      knob("backoff_initial", &ClientConfig::backoff_initial,
           {.low = microseconds(1),
            .high = seconds(1),
            .drawn_low = microseconds(100),
            .drawn_high = milliseconds(10),
            .about = "The longest pause after a first failed attempt; it doubles with each further "
                     "one."}),
      knob("backoff_max", &ClientConfig::backoff_max,
           {.low = milliseconds(1),
            .high = seconds(60),
            .drawn_low = milliseconds(50),
            .drawn_high = seconds(2),
            .about = "The longest pause between two attempts."}),
      knob("attempts_max", &ClientConfig::attempts_max,
           {.unit = "attempts",
            .low = 1,
            .high = 1'000'000,
            .about = "Attempts without progress after which a writer gives up for good."}),
      knob("block_bytes_max", &ClientConfig::block_bytes_max,
           {.unit = "bytes",
            .low = 1,
            .high = kAppendBytesMax,
            .drawn_low = 64,
            .drawn_high = 32 * kKiB,
            .about =
                "Size at which a block takes no further write; a larger write is a block alone."}),
      knob("block_events_max", &ClientConfig::block_events_max,
           {.unit = "events",
            .low = 1,
            .high = 65'536,
            .drawn_low = 1,
            .drawn_high = 200,
            .about = "Events at which a block takes no further write."}),
      knob("blocks_in_flight_max", &ClientConfig::blocks_in_flight_max,
           {.unit = "blocks",
            .low = 1,
            .high = 1'024,
            .drawn_low = 1,
            .drawn_high = 16,
            .about =
                "Blocks that a segment's writer sends before the first of them is acknowledged."}),
      knob("queue_bytes_max", &ClientConfig::queue_bytes_max,
           {.unit = "bytes",
            .low = 1,
            .high = 64 * kMiB,
            .drawn_low = 256,
            .drawn_high = 256 * kKiB,
            .about =
                "Bytes without an outcome at which a segment's writer makes its callers wait."}),
      knob("read_bytes_max", &ClientConfig::read_bytes_max,
           {.unit = "bytes",
            .low = 1,
            .high = wire::kReadBytesMax,
            .drawn_low = 16,
            .drawn_high = 64 * kKiB,
            .about = "The most bytes that one read asks for."}),
      knob("read_wait", &ClientConfig::read_wait,
           {.low = milliseconds(0),
            .high = seconds(60),
            .drawn_low = milliseconds(500),
            .drawn_high = seconds(5),
            .about = "How long the store may hold a read at the tail back, waiting for more."}));
};

}  // namespace millrace::client
