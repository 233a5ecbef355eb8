#pragma once

// The first steps of every conversation with a store: find it, connect, greet, set up a writer.

#include <optional>

#include "system/base/result.h"
#include "system/base/time.h"
#include "system/client/client_context.h"
#include "system/env/retry.h"
#include "system/types/event_number.h"
#include "system/types/segment_id.h"
#include "system/types/writer_id.h"
#include "system/wire/message_stream.h"

namespace millrace::client {

/// Connects to the store that serves `segment`, within connect_timeout and setup_timeout of the
/// configuration, and greets it.
/// Errors: those of Directory::store_of, Network::connect and wire::greet. Nothing of a request was
/// sent.
Result<wire::MessageStream> connect_to_store(const ClientContext& context, const SegmentId& segment,
                                             Instant deadline);

/// Sets `writer` up on a fresh stream and learns the last event number that the segment accepted of
/// it; none when there never was one.
/// Errors: those of the stream; kProtocol for an answer to something else; what the store says,
/// such as kNotFound or kWrongHost (the directory is then told).
Result<std::optional<EventNumber>> set_up_append(const ClientContext& context,
                                                 wire::MessageStream& stream,
                                                 const SegmentId& segment, const WriterId& writer,
                                                 Instant deadline);

/// An error that a store sent, as this side's own. Codes that are about a task or a way of this
/// side become kUnavailable: "cancelled" from afar is no cancellation here. Tells the directory of
/// a kWrongHost.
Error error_from_store(const ClientContext& context, const SegmentId& segment, Errc code,
                       const std::string& detail);

/// Whether another attempt may succeed where one failed with `code`: the way to the store or its
/// present state is at fault, not the request.
bool is_worth_retrying(Errc code);

/// The pauses and attempts of the configuration.
BackoffLimits backoff_limits(const ClientConfig& config);

/// A fresh identity. Draws twice.
WriterId draw_writer_id(Random& random);

/// `span` from now, but not after `deadline`.
Instant within(Clock& clock, Duration span, Instant deadline);

}  // namespace millrace::client
