#include "quorum/world.h"

#include <cstdint>
#include <string>
#include <vector>

#include "quorum/codec.h"
#include "quorum/linearizable.h"
#include "quorum/quorum_client.h"
#include "quorum/replica.h"
#include "scenarios/embedded.h"
#include "scenarios/marks.h"

namespace quorum {
namespace {

using millrace::Client;
using millrace::Duration;
using millrace::Env;
using millrace::knob;
using millrace::milliseconds;
using millrace::Operation;
using millrace::Outcome;
using millrace::PlanClient;
using millrace::PlanDraws;
using millrace::seconds;

constexpr std::int64_t kKeys = 4;

struct UserConfig {
  std::int64_t operations = 50;
  std::int64_t write_percent = 50;
  Duration patience = seconds(2);
  static constexpr auto knobs = millrace::knobs(
      knob("operations", &UserConfig::operations,
           {.low = 0, .high = 10'000, .about = "How many reads and writes each client makes."}),
      knob("write_percent", &UserConfig::write_percent,
           {.unit = "percent",
            .low = 0,
            .high = 100,
            .drawn_low = 10,
            .drawn_high = 90,
            .about = "The share of writes."}),
      knob("patience", &UserConfig::patience,
           {.low = milliseconds(100),
            .high = seconds(60),
            .drawn_low = milliseconds(500),
            .drawn_high = seconds(5),
            .about = "How long a client waits for an answer."}));
};

void draw_use(const UserConfig& config, PlanClient& client, PlanDraws& draws) {
  const std::int64_t span = draws.run_for().ns / 4 * 3;
  for (std::int64_t n = 0; n < config.operations; ++n) {
    const auto index = static_cast<std::uint64_t>(n);
    const bool is_write = draws.between("kind", index, 0, 99) < config.write_percent;
    const std::int64_t start = draws.between("start", index, 0, span);
    const std::int64_t key = draws.between("key", index, 0, kKeys - 1);
    draws.add_operation(client, is_write ? "write" : "read", Duration{start}, {{"key", key}});
  }
}

/// The last look: every register, once.
void draw_last_look(const UserConfig& /*config*/, PlanClient& client, PlanDraws& draws) {
  for (std::int64_t key = 0; key < kKeys; ++key) {
    draws.add_operation(client, "read", draws.run_for(), {{"key", key}});
  }
}

Outcome write(QuorumClient& quorum, Client& client, const Operation& operation, std::uint32_t key,
              millrace::Instant deadline) {
  // The value is the operation's number: each write has its own.
  client.history().record(
      Began{.operation = operation.id, .key = key, .is_write = true, .value = operation.id});
  const auto version = quorum.write(key, operation.id, operation.id, deadline);
  if (!version.has_value()) return Outcome::kUnknown;
  client.history().record(Ended{
      .operation = operation.id, .version = *version, .value = operation.id, .was_settled = false});
  return Outcome::kOk;
}

/// A read may be asked for again and again: it changes nothing.
Outcome read(Env& env, QuorumClient& quorum, Client& client, const Operation& operation,
             std::uint32_t key, Duration patience) {
  client.history().record(
      Began{.operation = operation.id, .key = key, .is_write = false, .value = 0});
  while (true) {
    const auto seen = quorum.read(key, env.clock.now() + patience);
    if (!seen.has_value()) continue;
    client.history().record(Ended{.operation = operation.id,
                                  .version = seen->cell.version,
                                  .value = seen->cell.value,
                                  .was_settled = seen->was_settled});
    return Outcome::kOk;
  }
}

Result<void> user_main(Env& env, const UserConfig& config, Client& client) {
  const auto replicas = client.directory().machines("replica");
  QuorumClient quorum(env, std::vector<std::string>(replicas.begin(), replicas.end()));
  while (const auto operation = client.next_operation()) {
    const auto key = static_cast<std::uint32_t>(operation->argument("key"));
    const Outcome outcome =
        operation->kind == "write"
            ? write(quorum, client, *operation, key, env.clock.now() + config.patience)
            : read(env, quorum, client, *operation, key, config.patience);
    client.finish(*operation, outcome);
  }
  return quorum.join(env.clock.now() + config.patience + seconds(1));
}

}  // namespace

void world(millrace::Registry& registry) {
  registry.role("replica", replica_main, format_replica,
                {.core = millrace::CoreSize::kMajority,
                 .about = "Keeps registers; a majority of the replicas keeps them safe."});
  registry.workload("user", user_main, draw_use,
                    {.fresh_clients = 1,
                     .operation_kinds = {"read", "write"},
                     .about = "Reads and writes registers."});
  registry.workload("last_look", user_main, draw_last_look,
                    {.start = millrace::ClientStart::kLast,
                     .is_in_every_scenario = true,
                     .operation_kinds = {"read"},
                     .about = "Reads every register when all others are done."});
  registry.property<Linearizable>();
  registry.property<ReadersSettle>();
  registry.frame_namer(name_frame);
  registry.marks(millrace::scenarios::marks());
  registry.scenarios(millrace::scenarios::embedded_files());
}

}  // namespace quorum
