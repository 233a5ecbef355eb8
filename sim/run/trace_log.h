#pragma once

// Lines of a trace as they happen, on standard error: `--log`.

#include <string>

#include "sim/run/run.h"
#include "sim/run/run_record.h"

namespace millrace::run {

/// What a line of a trace says, and to or from whom: "hello -> store-1".
std::string said_with_peer(const TraceLine& line);

/// Writes a line that `level` has, with event, virtual time and machine, at once: a run that
/// crashes or hangs has said all that led to it. Control characters become '?'.
void write_log(const TraceLine& line, LogLevel level);

/// Where the log goes instead of standard error: for a worker, whose own is read by its parent.
void set_log_file(int file);

}  // namespace millrace::run
