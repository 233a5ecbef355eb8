#include "scenarios/workloads/admin.h"

#include <optional>
#include <string_view>
#include <vector>

#include "properties/records.h"
#include "scenarios/workloads/common.h"
#include "system/client/event_reader.h"

namespace millrace::scenarios {
namespace {

using client::ClientContext;
using client::SegmentStatus;

// How long an administrator reads to find the place for a truncation.
constexpr Duration kSearch = milliseconds(500);

class Administrator {
 public:
  Administrator(Env& env, const ClientContext& context, run::Client& client)
      : env_(env), context_(context), client_(client), admin_(context) {}

  Result<void> run(const run::Operation& operation, const SegmentId& segment) {
    const Instant deadline = env_.clock.now() + kOperationPatience;
    if (operation.kind == "seal") return seal(operation, segment, deadline);
    if (operation.kind == "truncate") return truncate(operation, segment, deadline);
    return look(operation, segment, deadline);
  }

 private:
  Result<void> look(const run::Operation& operation, const SegmentId& segment, Instant deadline) {
    client_.history().record(
        properties::InfoInvoked{.operation = operation.id, .segment = segment});
    const SegmentStatus status = TRY(admin_.info(segment, deadline));
    client_.history().record(properties::InfoAnswered{.operation = operation.id,
                                                      .segment = segment,
                                                      .start = status.start_offset,
                                                      .length = status.length,
                                                      .is_sealed = status.is_sealed});
    return {};
  }

  Result<void> seal(const run::Operation& operation, const SegmentId& segment, Instant deadline) {
    client_.history().record(
        properties::SealInvoked{.operation = operation.id, .segment = segment});
    const std::uint64_t length = TRY(admin_.seal(segment, deadline));
    client_.history().record(
        properties::SealAnswered{.operation = operation.id, .segment = segment, .length = length});
    return {};
  }

  Result<void> truncate(const run::Operation& operation, const SegmentId& segment,
                        Instant deadline) {
    const std::uint64_t offset =
        TRY(find_boundary(segment, operation.argument("events", 1), deadline));
    client_.history().record(properties::TruncateInvoked{
        .operation = operation.id, .segment = segment, .offset = offset});
    const std::uint64_t start = TRY(admin_.truncate(segment, offset, deadline));
    client_.history().record(properties::TruncateAnswered{
        .operation = operation.id, .segment = segment, .offset = start});
    return {};
  }

  /// Where the event lies that has `events` events before it, or fewer where there are no more.
  Result<std::uint64_t> find_boundary(const SegmentId& segment, std::int64_t events,
                                      Instant deadline) {
    const SegmentStatus status = TRY(admin_.info(segment, deadline));
    client::EventReader reader(context_, segment, status.start_offset);
    const Instant search_end = env_.clock.now() + kSearch;
    for (std::int64_t i = 0; i < events && reader.offset() < status.length; ++i) {
      const Result<std::optional<client::ReadEvent>> event = reader.next(search_end);
      if (event.has_value() && event->has_value()) continue;
      const bool may_go_on = event.has_value() || event.error().code == Errc::kTimeout ||
                             event.error().code == Errc::kTruncated ||
                             event.error().code == Errc::kCorrupt;
      if (!may_go_on) return fail(event.error());
      break;
    }
    return reader.offset();
  }

  Env& env_;
  const ClientContext& context_;
  run::Client& client_;
  client::StreamAdmin admin_;
};

std::string_view kind_of(const AdminConfig& config, std::int64_t percent) {
  if (percent < config.seal_percent) return "seal";
  if (percent < config.seal_percent + config.truncate_percent) return "truncate";
  return "info";
}

}  // namespace

void draw_administration(const AdminConfig& config, run::PlanClient& client,
                         run::PlanDraws& draws) {
  const std::int64_t span = draws.run_for().ns / 4 * 3;
  for (std::uint64_t i = 0; i < config.operations; ++i) {
    const std::string_view kind = kind_of(config, draws.between("kind", i, 0, 99));
    // Seals come last; see let_seals_follow_writes().
    const bool is_seal = kind == "seal";
    const std::int64_t earliest = is_seal ? span / 8 * 7 : 0;
    const std::int64_t latest = is_seal ? span / 8 * 9 : span;
    draws.add_operation(client, std::string(kind),
                        Duration{draws.between("not_before", i, earliest, latest)},
                        {{"segment", draws.between("segment", i, 0, 255)},
                         {"events", draws.log_uniform("events", i, 1, 100)}});
  }
}

void let_seals_follow_writes(run::Plan& plan, const run::PlanDraws& draws) {
  std::vector<const run::PlanClient*> writers;
  for (const run::PlanClient& client : plan.clients) {
    const bool is_writer = client.workload == "writer" && client.start == run::ClientStart::kStart;
    if (is_writer && !client.operations.empty()) writers.push_back(&client);
  }
  if (writers.empty()) return;
  const auto writers_last = static_cast<std::int64_t>(writers.size()) - 1;
  for (run::PlanClient& client : plan.clients) {
    if (client.workload != "admin") continue;
    const run::PlanDraws own = draws.below(client.name);
    for (std::size_t i = 0; i < client.operations.size(); ++i) {
      if (client.operations[i].operation.kind != "seal") continue;
      const std::int64_t writer = own.between("writer", i, 0, writers_last);
      const auto& writes = writers[static_cast<std::size_t>(writer)]->operations;
      // In the last quarter: by then most is written, and some writes still meet the seal.
      const auto last = static_cast<std::int64_t>(writes.size()) - 1;
      const std::int64_t write = own.between("write", i, (last + 1) * 3 / 4, last);
      client.operations[i].after = writes[static_cast<std::size_t>(write)].operation.id;
    }
  }
}

Result<void> admin_main(Env& env, const AdminConfig& config, run::Client& client) {
  client::StaticDirectory directory = make_directory(client.directory());
  const ClientContext context = client::make_context(env, directory, config);
  record_streams(client);
  TRY(create_segments(context, client.directory(), env.clock.now() + kPatience));
  const std::vector<SegmentId> segments = segments_of(client.directory());
  Administrator administrator(env, context, client);
  while (const auto operation = client.next_operation()) {
    const auto index = static_cast<std::size_t>(operation->argument("segment"));
    const Result<void> done = administrator.run(*operation, segments[index % segments.size()]);
    TRY(finish_with(client, *operation, done));
  }
  return {};
}

}  // namespace millrace::scenarios
