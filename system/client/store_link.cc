#include "system/client/store_link.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "system/base/check.h"

namespace millrace::client {
namespace {

/// A fresh stream has no other request.
constexpr wire::RequestId kSetupRequest{1};

}  // namespace

Result<wire::MessageStream> connect_to_store(const ClientContext& context, const SegmentId& segment,
                                             Instant deadline) {
  const Instant connect_by = within(context.clock, context.config.connect_timeout, deadline);
  const Address address = TRY(context.directory.store_of(segment, connect_by));
  std::unique_ptr<Connection> connection = TRY(context.network.connect(address, connect_by));
  const Instant greet_by = within(context.clock, context.config.setup_timeout, deadline);
  return wire::greet(std::move(connection), wire::kVersionsSpoken, greet_by);
}

Result<std::optional<EventNumber>> set_up_append(const ClientContext& context,
                                                 wire::MessageStream& stream,
                                                 const SegmentId& segment, const WriterId& writer,
                                                 Instant deadline) {
  const Instant answer_by = within(context.clock, context.config.setup_timeout, deadline);
  const wire::SetupAppend request{.request = kSetupRequest, .segment = segment, .writer = writer};
  TRY(stream.send(request, answer_by));
  const wire::Message answer = TRY(stream.receive(answer_by));
  if (const auto* setup = std::get_if<wire::AppendSetup>(&answer)) {
    if (setup->request != kSetupRequest || setup->segment != segment || setup->writer != writer) {
      return fail(Errc::kProtocol, "another writer was set up");
    }
    return setup->event_number_last;
  }
  if (const auto* error = std::get_if<wire::ErrorReply>(&answer)) {
    if (error->request != kSetupRequest) return fail(Errc::kProtocol, "another request's error");
    return fail(error_from_store(context, segment, error->code, error->detail));
  }
  return fail(Errc::kProtocol, "no answer to the set-up");
}

Error error_from_store(const ClientContext& context, const SegmentId& segment, Errc code,
                       const std::string& detail) {
  switch (code) {
    case Errc::kWrongHost:
      context.directory.forget(segment);
      return {code, detail};
    case Errc::kCancelled:
    case Errc::kTimeout:
    case Errc::kUnavailable:
    case Errc::kRefused:
    case Errc::kWrongVersion:
      return {Errc::kUnavailable, "the store failed: " + detail};
    case Errc::kProtocol:
    case Errc::kInvalid:
    case Errc::kNotFound:
    case Errc::kAlreadyExists:
    case Errc::kSealed:
    case Errc::kTruncated:
    case Errc::kBadOffset:
    case Errc::kBadEventNumber:
    case Errc::kOverloaded:
    case Errc::kFenced:
    case Errc::kShuttingDown:
    case Errc::kNoSpace:
    case Errc::kIo:
    case Errc::kCorrupt:
    case Errc::kForeign:
      return {code, detail};
  }
  UNREACHABLE("every code has its case");
}

bool is_worth_retrying(Errc code) {
  switch (code) {
    case Errc::kTimeout:
    case Errc::kUnavailable:
    case Errc::kRefused:
    case Errc::kWrongVersion:
    case Errc::kProtocol:
    case Errc::kBadEventNumber:
    case Errc::kWrongHost:
    case Errc::kOverloaded:
    case Errc::kFenced:
    case Errc::kShuttingDown:
    case Errc::kNoSpace:
    case Errc::kIo:
    case Errc::kCorrupt:
    case Errc::kForeign:
      return true;
    case Errc::kCancelled:
    case Errc::kInvalid:
    case Errc::kNotFound:
    case Errc::kAlreadyExists:
    case Errc::kSealed:
    case Errc::kTruncated:
    case Errc::kBadOffset:
      return false;
  }
  UNREACHABLE("every code has its case");
}

BackoffLimits backoff_limits(const ClientConfig& config) {
  return {.pause_first = std::min(config.backoff_initial, config.backoff_max),
          .pause_max = config.backoff_max,
          .attempts_max = config.attempts_max};
}

WriterId draw_writer_id(Random& random) {
  const std::uint64_t high = random.next();
  const std::uint64_t low = random.next();
  return {.high = high, .low = low};
}

Instant within(Clock& clock, Duration span, Instant deadline) {
  return std::min(clock.now() + span, deadline);
}

}  // namespace millrace::client
