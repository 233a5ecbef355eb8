#pragma once

// What a worker does with a batch, and the messages between it and its parent.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/crash_page.h"
#include "sim/run/worker.h"

namespace millrace::run {

/// A batch for the zygote.
struct BatchMessage {
  std::uint32_t slot = 0;
  /// Empty to kill the slot's worker.
  std::vector<RunRequest> requests;
};

std::string batch_to_json(const BatchMessage& batch);
/// The message is this program's own: anything else is a bug (checked).
BatchMessage batch_from_json(std::string_view json);

/// A reply without its request.
std::string reply_to_json(const RunReply& reply);
void reply_from_json(std::string_view json, RunReply& reply);

/// Runs the requests in order and writes a reply for each to `replies`. Ends the process.
[[noreturn]] void work(const RunSource& source, const std::vector<RunRequest>& requests,
                       const WorkerOptions& options, int replies, CrashPage& page);

}  // namespace millrace::run
