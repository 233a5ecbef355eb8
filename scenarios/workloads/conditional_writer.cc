#include "scenarios/workloads/conditional_writer.h"

#include <fmt/format.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "properties/records.h"
#include "scenarios/workloads/common.h"
#include "scenarios/workloads/payload.h"
#include "system/client/conditional_writer.h"
#include "system/types/event.h"

namespace millrace::scenarios {
namespace {

using client::ClientContext;
using client::ConditionalOutcome;

constexpr std::size_t kEventBytes = 64;
// Away from the keys of writers, whose order is theirs alone.
constexpr std::uint32_t kFirstKey = 1000;

/// What the client keeps of one segment.
struct Target {
  std::unique_ptr<client::ConditionalWriter> writer;
  std::uint64_t length = 0;  // As far as it knows.
  std::uint32_t key = 0;     // One that belongs to the segment.
  std::uint64_t sequence = 0;
};

class ConditionalClient {
 public:
  ConditionalClient(Env& env, const ClientContext& context, run::Client& client)
      : env_(env), context_(context), client_(client) {
    for (const Stream& stream : streams_of(client.directory())) {
      for (const SegmentMap::Entry& entry : stream.segments.entries()) {
        Target& target = targets_[entry.segment];
        target.writer = std::make_unique<client::ConditionalWriter>(context, entry.segment);
        target.key = key_of(stream, entry.segment, kFirstKey);
      }
    }
  }

  /// Hangs up, segment by segment: a container destroys its elements in an order of its library's
  /// own, and each hang-up is an event of the run.
  void close() {
    for (auto& [segment, target] : targets_) target.writer.reset();
  }

  run::Outcome run(const run::Operation& operation, const SegmentId& segment) {
    Target& target = targets_[segment];
    const Instant deadline = env_.clock.now() + kOperationPatience;
    if (operation.kind == "append_after_look") {
      client::StreamAdmin admin(context_);
      const auto status = admin.info(segment, deadline);
      if (status.has_value()) target.length = status->length;
    }
    const Payload payload{.uid = first_uid(operation.id),
                          .writer = client_.name(),
                          .key = target.key,
                          .sequence = target.sequence++};
    client_.history().record(properties::AppendInvoked{.uid = payload.uid,
                                                       .stream = segment.stream,
                                                       .writer = payload.writer,
                                                       .key = payload.key,
                                                       .sequence = payload.sequence});
    client_.history().record(properties::ConditionalInvoked{
        .uid = payload.uid, .segment = segment, .expected_offset = target.length});
    const Bytes bytes = encode_payload(payload, kEventBytes);
    const std::uint64_t expected = target.length;
    const Result<ConditionalOutcome> outcome = target.writer->append(bytes, expected, deadline);
    if (!outcome.has_value()) return record_error(payload.uid, outcome.error().code);
    target.length = outcome->segment_length;
    client_.history().record(properties::ConditionalAnswered{.uid = payload.uid,
                                                             .is_appended = outcome->is_appended,
                                                             .length = outcome->segment_length});
    if (!outcome->is_appended) {
      client_.history().record(
          properties::AppendFailed{.uid = payload.uid, .code = "conditional_check_failed"});
      return run::Outcome::kFailed;
    }
    client_.history().record(
        properties::AppendAcked{.uid = payload.uid,
                                .segment = segment,
                                .has_offset = true,
                                .offset = expected,
                                .end = expected + bytes.size() + kEventHeaderBytes});
    return run::Outcome::kOk;
  }

 private:
  run::Outcome record_error(std::uint64_t uid, Errc code) {
    if (happened(code) == Happened::kNo) {
      client_.history().record(
          properties::AppendFailed{.uid = uid, .code = std::string(to_text(code))});
      return run::Outcome::kFailed;
    }
    client_.history().record(
        properties::AppendUnknown{.uid = uid, .code = std::string(to_text(code))});
    return run::Outcome::kUnknown;
  }

  Env& env_;
  const ClientContext& context_;
  run::Client& client_;
  std::map<SegmentId, Target> targets_;
};

}  // namespace

void draw_conditional_appends(const ConditionalWriterConfig& config, run::PlanClient& client,
                              run::PlanDraws& draws) {
  const std::int64_t span = draws.run_for().ns / 4 * 3;
  for (std::uint64_t i = 0; i < config.operations; ++i) {
    const bool looks = draws.hit("looks", i, {1, 2});
    draws.add_operation(client, looks ? "append_after_look" : "append_at_known",
                        Duration{draws.between("not_before", i, 0, span)},
                        {{"segment", draws.between("segment", i, 0, 255)}});
  }
}

Result<void> conditional_writer_main(Env& env, const ConditionalWriterConfig& config,
                                     run::Client& client) {
  client::StaticDirectory directory = make_directory(client.directory());
  const ClientContext context = client::make_context(env, directory, config);
  record_streams(client);
  TRY(create_segments(context, client.directory(), env.clock.now() + kPatience));
  const std::vector<SegmentId> segments = segments_of(client.directory());
  ConditionalClient conditional(env, context, client);
  while (const auto operation = client.next_operation()) {
    const auto index = static_cast<std::size_t>(operation->argument("segment"));
    client.finish(*operation, conditional.run(*operation, segments[index % segments.size()]));
  }
  conditional.close();
  return {};
}

}  // namespace millrace::scenarios
