#pragma once

// `--until`, `--break` and `--log` of `run` and `replay`.

#include <expected>
#include <optional>
#include <string>

#include "sim/command/console.h"
#include "sim/command/verbs.h"
#include "sim/run/worker.h"

namespace millrace::command {

/// Puts what --until, --break and --log ask for into a request. With --break this process becomes
/// one that gdb runs, and this function is called a second time there. Errors: what is no number of
/// an event or no level; there is no gdb.
std::expected<void, std::string> begin_debugging(const Options& options, run::RunRequest& request);

/// Where a run stands that --until stopped: the last lines of its trace, and the verdict's reason.
std::string stopped_text(const run::RunRequest& request, const run::RunRecord& record,
                         const reports::ScreenOptions& options);

/// What to say where the run ended before the event of --until or --break came; nothing where its
/// process died.
std::optional<std::string> missed_event(const run::RunRequest& request,
                                        const run::RunRecord& record);

/// Whether the run ended because --until said so.
bool was_stopped(const run::RunRequest& request, const run::RunRecord& record);

}  // namespace millrace::command
