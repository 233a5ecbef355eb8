#include "system/segment_store/segment_store.h"

#include <memory>
#include <string>
#include <utility>

#include "system/base/check.h"
#include "system/segment_store/container.h"
#include "system/segment_store/identity.h"
#include "system/segment_store/server.h"
#include "system/types/facts.h"
#include "system/wal/local_log.h"

namespace millrace::segment_store {
namespace {

// A store has one container for now; its log has the container's number.
constexpr std::uint32_t kContainer = 0;
constexpr std::string_view kLogDirectory = "log-0";

wal::LocalLogOptions log_options(const Identity& identity, const SegmentStoreConfig& config) {
  return {.directory = std::string(kLogDirectory),
          .log_id = identity.log_id,
          .batch_bytes_max = config.log_batch_bytes,
          .batch_delay = config.log_batch_delay,
          .file_bytes_max = config.log_file_bytes,
          .queue_bytes_max = config.log_queue_bytes};
}

ContainerOptions container_options(const SegmentStoreConfig& config) {
  return {.container = kContainer,
          .checkpoint_operations = config.checkpoint_operations,
          .checkpoint_bytes = config.checkpoint_bytes,
          .live_bytes_max = config.live_bytes_max};
}

// Refuses a disk that is not this store's.
Result<Identity> own_identity(Env& env, const SegmentStoreConfig& config) {
  Result<Identity> identity = read_identity(env.disk);
  if (identity.has_value() && identity->store_id != config.store_id) {
    identity = fail(Errc::kForeign, "formatted for store " + std::to_string(identity->store_id));
  }
  if (failed_with(identity, Errc::kForeign)) env.journal.mark("store.foreign_disk");
  if (failed_with(identity, Errc::kCorrupt)) env.journal.mark("store.identity_damaged");
  return identity;
}

// Serves until the container's log breaks; the reason.
Result<void> serve(Env& env, const SegmentStoreConfig& config, SegmentContainer& container) {
  SegmentStoreServer server(env, container, config);
  TRY(server.start());
  env.journal.mark("store.serving");
  const Result<Error> why = container.wait_broken(Instant::max());
  CHECK(why.has_value(), "the first task is never cancelled");
  const Result<void> stopped = server.stop(Instant::max());
  CHECK(stopped.has_value(), "the first task is never cancelled");
  return fail(*why);
}

}  // namespace

Result<void> format_segment_store(Env& env, const SegmentStoreConfig& config) {
  const Identity identity{.store_id = config.store_id, .log_id = env.random.next()};
  TRY(remove_identity(env.disk));
  TRY(wal::format_log(env.disk, kLogDirectory, identity.log_id));
  // The identity must not be there before all the rest is.
  TRY(env.disk.sync_directory(""));
  TRY(write_identity(env.disk, identity));
  env.journal.fact(StoreFormatted{.store_id = config.store_id});
  return {};
}

Result<void> segment_store_main(Env& env, const SegmentStoreConfig& config) {
  const Identity identity = TRY(own_identity(env, config));
  wal::LocalLog log(env.clock, env.tasks, env.disk, env.journal, log_options(identity, config));
  SegmentContainer container(env.clock, env.tasks, env.journal, log, container_options(config));
  TRY(container.recover());

  Result<void> ended = serve(env, config, container);
  ignore(container.stop(Instant::max()), "what broke the log is the reason already");
  return ended;
}

}  // namespace millrace::segment_store
