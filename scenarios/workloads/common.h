#pragma once

// What the workloads share: deadlines, segments that exist, events as records, and when to stop.

#include <string>
#include <string_view>

#include "properties/records.h"
#include "scenarios/deployment.h"
#include "sim/run/client.h"
#include "system/client/client_context.h"
#include "system/client/event_reader.h"
#include "system/client/stream_admin.h"
#include "system/env/env.h"

namespace millrace::scenarios {

/// Longer than any run, of which the longest that is promised has 10,000 s: what a client that
/// never gives up waits.
inline constexpr Duration kPatience = seconds(100'000);

/// How long one operation may take, a write from the heal on; then its outcome is unknown. Shorter
/// than any settle phase of the library, so that also a store that is gone for good leaves no
/// operation without an end.
inline constexpr Duration kOperationPatience = seconds(15);

/// Creates every segment of the plan that is not there yet; any number of clients may do so.
/// Errors: those of StreamAdmin::create but kAlreadyExists.
Result<void> create_segments(const client::ClientContext& context, const run::Directory& directory,
                             Instant deadline);

/// Tells the properties how keys are shared among segments.
void record_streams(run::Client& client);

/// Records an event that a reader was given, under a pass; false, and nothing recorded, where its
/// bytes are damaged.
bool record_read(run::Client& client, const std::string& pass, const SegmentId& segment,
                 const client::ReadEvent& event);

/// Ends an operation of which `result` came: ok, failed or unknown, as its code says. That nobody
/// answered in time is no failure of the client; any other error is returned.
/// Errors: those of `result` that are not transient (env/retry.h).
Result<void> finish_with(run::Client& client, const run::Operation& operation,
                         const Result<void>& result);

/// Whether every client that changes segments has finished, and the faults are over.
bool are_writers_done(const run::Client& client);

}  // namespace millrace::scenarios
