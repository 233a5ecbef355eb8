#include "scenarios/workloads/common.h"

#include <array>
#include <optional>

#include "scenarios/workloads/payload.h"
#include "system/env/retry.h"

namespace millrace::scenarios {
namespace {

constexpr std::array<std::string_view, 4> kChangingWorkloads{"writer", "conditional_writer",
                                                             "resender", "admin"};

}  // namespace

Result<void> create_segments(const client::ClientContext& context, const run::Directory& directory,
                             Instant deadline) {
  client::StreamAdmin admin(context);
  for (const SegmentId& segment : segments_of(directory)) {
    const Result<void> created = admin.create(segment, deadline);
    if (!created.has_value() && created.error().code != Errc::kAlreadyExists) {
      return fail(created.error());
    }
  }
  return {};
}

void record_streams(run::Client& client) {
  for (const Stream& stream : streams_of(client.directory())) {
    client.history().record(properties::StreamKnown{
        .stream = stream.name,
        .segments = static_cast<std::uint32_t>(stream.segments.entries().size())});
  }
}

bool record_read(run::Client& client, const std::string& pass, const SegmentId& segment,
                 const client::ReadEvent& event) {
  const std::optional<Payload> payload = decode_payload(event.payload);
  if (!payload.has_value()) return false;
  client.history().record(properties::EventRead{.pass = pass,
                                                .segment = segment,
                                                .offset = event.offset,
                                                .end = event.offset_next,
                                                .uid = payload->uid,
                                                .writer = payload->writer,
                                                .key = payload->key,
                                                .sequence = payload->sequence});
  return true;
}

Result<void> finish_with(run::Client& client, const run::Operation& operation,
                         const Result<void>& result) {
  if (result.has_value()) {
    client.finish(operation, run::Outcome::kOk);
    return {};
  }
  const Errc code = result.error().code;
  const bool has_failed = happened(code) == Happened::kNo;
  client.finish(operation, has_failed ? run::Outcome::kFailed : run::Outcome::kUnknown);
  if (is_transient(code)) return {};
  return result;
}

bool are_writers_done(const run::Client& client) {
  if (!client.is_settling()) return false;
  for (const std::string_view workload : kChangingWorkloads) {
    if (!client.have_finished(workload)) return false;
  }
  return true;
}

}  // namespace millrace::scenarios
