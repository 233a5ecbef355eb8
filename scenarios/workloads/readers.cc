#include "scenarios/workloads/readers.h"

#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "properties/records.h"
#include "scenarios/workloads/common.h"
#include "scenarios/workloads/payload.h"
#include "system/client/event_reader.h"
#include "system/client/segment_reader.h"
#include "system/env/sync.h"

namespace millrace::scenarios {
namespace {

using client::ClientContext;
using client::EventReader;
using client::ReadEvent;
using client::SegmentStatus;
using client::StreamAdmin;

// How long a follower waits at the tail before it looks whether it is still needed. Each look is a
// request to the store, so it is as rare as the settle phases allow.
constexpr Duration kTailWait = seconds(2);
// How long the last read of a pass waits at the tail.
constexpr Duration kLastWait = milliseconds(500);

/// What a reader's next() came to.
enum class Step : std::uint8_t { kEvent, kNothing, kTruncated, kEnd, kDamaged };

/// Whether a pass of its own, from the segment's start on, meets damage at `offset` or before.
Result<bool> is_damaged_before(Env& env, const ClientContext& context, const SegmentId& segment,
                               std::uint64_t offset) {
  const Instant deadline = env.clock.now() + kOperationPatience;
  StreamAdmin admin(context);
  const SegmentStatus status = TRY(admin.info(segment, deadline));
  EventReader reader(context, segment, status.start_offset);
  while (reader.offset() <= offset && reader.offset() < status.length) {
    const Result<std::optional<ReadEvent>> event = reader.next(deadline);
    if (failed_with(event, Errc::kCorrupt)) return true;
    if (failed_with(event, Errc::kTruncated)) return false;
    if (!event.has_value()) return fail(event.error());
    if (!event->has_value()) return false;
    if (!decode_payload((*event)->payload).has_value()) return true;
  }
  return false;
}

/// Records damage that a pass met, and whether another pass meets it, too.
Result<Step> record_damage(Env& env, const ClientContext& context, run::Client& client,
                           const std::string& pass, const SegmentId& segment, std::uint64_t offset,
                           const std::string& why) {
  const bool is_confirmed = TRY(is_damaged_before(env, context, segment, offset));
  client.history().record(properties::DamagedRead{.pass = pass,
                                                  .segment = segment,
                                                  .offset = offset,
                                                  .why = why,
                                                  .is_confirmed = is_confirmed});
  return Step::kDamaged;
}

/// Reads one event and records it. After damage the pass is at its end.
Result<Step> read_one(Env& env, const ClientContext& context, run::Client& client,
                      EventReader& reader, const std::string& pass, Instant deadline) {
  const Result<std::optional<ReadEvent>> event = reader.next(deadline);
  if (event.has_value()) {
    if (!event->has_value()) return Step::kEnd;
    if (record_read(client, pass, reader.segment(), **event)) return Step::kEvent;
    return record_damage(env, context, client, pass, reader.segment(), (*event)->offset,
                         "an event with a bad checksum");
  }
  switch (event.error().code) {
    case Errc::kTimeout:
      return Step::kNothing;
    case Errc::kTruncated:
      return Step::kTruncated;
    case Errc::kCorrupt:
      return record_damage(env, context, client, pass, reader.segment(), reader.offset(),
                           event.error().detail);
    default:
      return fail(event.error());
  }
}

/// Follows one segment until nobody appends any more.
Result<void> follow(Env& env, const ClientContext& context, run::Client& client,
                    const SegmentId& segment) {
  const std::string pass = fmt::format("{}/{}", client.name(), to_text(segment));
  EventReader reader(context, segment, 0);
  for (;;) {
    // Asked before the wait: what was appended until then is seen by it.
    const bool is_last_wait = are_writers_done(client);
    const Duration wait = is_last_wait ? kLastWait : kTailWait;
    const Step step = TRY(read_one(env, context, client, reader, pass, env.clock.now() + wait));
    if (step == Step::kEnd || step == Step::kDamaged) return {};
    if (step == Step::kNothing && is_last_wait && reader.is_at_tail()) return {};
  }
}

/// Reads from `start` until `length` is reached; the place where it ended.
Result<std::uint64_t> read_up_to(Env& env, const ClientContext& context, run::Client& client,
                                 const SegmentId& segment, const std::string& pass,
                                 std::uint64_t start, std::uint64_t length) {
  EventReader reader(context, segment, start);
  const Instant deadline = env.clock.now() + kPatience;
  while (reader.offset() < length) {
    const Step step = TRY(read_one(env, context, client, reader, pass, deadline));
    if (step == Step::kTruncated) return fail(Errc::kTruncated);
    if (step == Step::kEnd || step == Step::kDamaged) break;
  }
  return reader.offset();
}

/// One operation of a catch-up reader.
class CatchUp {
 public:
  CatchUp(Env& env, const ClientContext& context, run::Client& client)
      : env_(env), context_(context), client_(client) {}

  Result<void> run(const run::Operation& operation, const SegmentId& segment) {
    const Instant deadline = env_.clock.now() + kOperationPatience;
    const std::string pass =
        fmt::format("{}/{}@{}", client_.name(), to_text(segment), operation.id);
    StreamAdmin admin(context_);
    client_.history().record(
        properties::InfoInvoked{.operation = operation.id, .segment = segment});
    const SegmentStatus status = TRY(admin.info(segment, deadline));
    client_.history().record(properties::InfoAnswered{.operation = operation.id,
                                                      .segment = segment,
                                                      .start = status.start_offset,
                                                      .length = status.length,
                                                      .is_sealed = status.is_sealed});
    TRY(probe_start(operation, segment, status, deadline));
    client_.history().record(properties::PassBegan{.pass = pass, .segment = segment});
    EventReader reader(context_, segment, status.start_offset);
    // Ends where the store first says that there is no more: whoever waited there for a while would
    // go on for as long as there are writers.
    while (!reader.is_at_tail()) {
      const Step step =
          TRY(read_one(env_, context_, client_, reader, pass, env_.clock.now() + kLastWait));
      // A truncation meanwhile: the pass is not whole, so it says nothing about the tail.
      if (step == Step::kTruncated || step == Step::kDamaged) return {};
      if (step == Step::kEnd) break;
      if (env_.clock.now() >= deadline) return fail(Errc::kTimeout, "the pass takes too long");
    }
    client_.history().record(
        properties::PassEnded{.pass = pass, .segment = segment, .end = reader.offset()});
    return {};
  }

 private:
  /// Asks for the byte before the segment's start, which must be gone, or the first one.
  Result<void> probe_start(const run::Operation& operation, const SegmentId& segment,
                           const SegmentStatus& status, Instant deadline) {
    if (status.length == 0) return {};
    const std::uint64_t offset =
        status.start_offset > 0 ? status.start_offset - 1 : status.start_offset;
    if (offset == status.length) return {};
    client::SegmentReader reader(context_, segment, offset);
    client_.history().record(
        properties::ReadInvoked{.operation = operation.id, .segment = segment, .offset = offset});
    const Result<client::SegmentBytes> bytes = reader.read(deadline);
    if (!bytes.has_value() && bytes.error().code != Errc::kTruncated) return fail(bytes.error());
    client_.history().record(properties::ReadAnswered{.operation = operation.id,
                                                      .segment = segment,
                                                      .offset = offset,
                                                      .is_truncated = !bytes.has_value()});
    return {};
  }

  Env& env_;
  const ClientContext& context_;
  run::Client& client_;
};

}  // namespace

Result<void> tail_reader_main(Env& env, const TailReaderConfig& config, run::Client& client) {
  client::StaticDirectory directory = make_directory(client.directory());
  const ClientContext context = client::make_context(env, directory, config);
  const Instant deadline = env.clock.now() + kPatience;
  record_streams(client);
  TRY(create_segments(context, client.directory(), deadline));
  TaskGroup tasks(env.tasks);
  std::optional<Error> failure;
  for (const SegmentId& segment : segments_of(client.directory())) {
    tasks.spawn("follower", [&env, &context, &client, &failure, segment] {
      const Result<void> followed = follow(env, context, client, segment);
      if (!followed.has_value()) failure = followed.error();
    });
  }
  TRY(tasks.join(deadline));
  if (failure.has_value()) return fail(*failure);
  return {};
}

void draw_passes(const CatchUpReaderConfig& config, run::PlanClient& client,
                 run::PlanDraws& draws) {
  const std::int64_t span = draws.run_for().ns / 4 * 3;
  for (std::uint64_t i = 0; i < config.operations; ++i) {
    draws.add_operation(client, "pass", Duration{draws.between("not_before", i, 0, span)},
                        {{"segment", draws.between("segment", i, 0, 255)}});
  }
}

Result<void> catch_up_reader_main(Env& env, const CatchUpReaderConfig& config,
                                  run::Client& client) {
  client::StaticDirectory directory = make_directory(client.directory());
  const ClientContext context = client::make_context(env, directory, config);
  record_streams(client);
  TRY(create_segments(context, client.directory(), env.clock.now() + kPatience));
  const std::vector<SegmentId> segments = segments_of(client.directory());
  CatchUp catch_up(env, context, client);
  while (const auto operation = client.next_operation()) {
    const auto index = static_cast<std::size_t>(operation->argument("segment"));
    const Result<void> passed = catch_up.run(*operation, segments[index % segments.size()]);
    TRY(finish_with(client, *operation, passed));
  }
  return {};
}

Result<void> final_scan_main(Env& env, const FinalScanConfig& config, run::Client& client) {
  client::StaticDirectory directory = make_directory(client.directory());
  const ClientContext context = client::make_context(env, directory, config);
  StreamAdmin admin(context);
  const Instant deadline = env.clock.now() + kPatience;
  for (const SegmentId& segment : segments_of(client.directory())) {
    const SegmentStatus status = TRY(admin.info(segment, deadline));
    const std::string pass = fmt::format("{}/{}", client.name(), to_text(segment));
    const std::uint64_t end =
        TRY(read_up_to(env, context, client, segment, pass, status.start_offset, status.length));
    client.history().record(properties::SegmentScanned{
        .pass = pass, .segment = segment, .start = status.start_offset, .end = end});
  }
  return {};
}

}  // namespace millrace::scenarios
