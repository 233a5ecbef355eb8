#include "scenarios/store_world.h"

#include "properties/catalogue.h"
#include "scenarios/deployment.h"
#include "scenarios/embedded.h"
#include "scenarios/marks.h"
#include "scenarios/workloads/admin.h"
#include "scenarios/workloads/conditional_writer.h"
#include "scenarios/workloads/readers.h"
#include "scenarios/workloads/resender.h"
#include "scenarios/workloads/writer.h"
#include "system/base/crc32c.h"
#include "system/segment_store/segment_store.h"
#include "system/wire/messages.h"

namespace millrace::scenarios {
namespace {

using segment_store::SegmentStoreConfig;

/// A store knows its disk by an identity that the deployment gives: here, by the machine's name.
SegmentStoreConfig with_identity(Env& env, const SegmentStoreConfig& config) {
  SegmentStoreConfig own = config;
  own.store_id = crc32c(as_bytes(env.network.machine()));
  own.port = kStorePort;
  return own;
}

Result<void> format_store(Env& env, const SegmentStoreConfig& config) {
  return segment_store::format_segment_store(env, with_identity(env, config));
}

Result<void> run_store(Env& env, const SegmentStoreConfig& config) {
  return segment_store::segment_store_main(env, with_identity(env, config));
}

void complete_plan(run::Plan& plan, run::PlanDraws& draws) {
  place_segments(plan, draws);
  let_seals_follow_writes(plan, draws.below("seals"));
}

}  // namespace

void store_world(Registry& registry) {
  registry.role("segment_store", run_store, format_store,
                {.machine_prefix = "store",
                 .disks_lost_max = 0,
                 .core = run::CoreSize::kAll,
                 .recovered_mark = "container.recovered",
                 .about = "Keeps segments on a local log and serves them."});
  registry.workload("writer", writer_main, draw_writes,
                    {.fresh_clients = 1,
                     .operation_kinds = {"append"},
                     .about = "Appends events with few or many keys, ahead of the answers."});
  registry.workload("tail_reader", tail_reader_main,
                    {.about = "Follows every segment from its start to its tail and on."});
  registry.workload("catch_up_reader", catch_up_reader_main, draw_passes,
                    {.fresh_clients = 1,
                     .operation_kinds = {"pass"},
                     .about = "Reads segments from their start to their tail, again and again."});
  registry.workload("conditional_writer", conditional_writer_main, draw_conditional_appends,
                    {.operation_kinds = {"append_after_look", "append_at_known"},
                     .about = "Appends only where a segment has the expected length."});
  registry.workload("resender", resender_main, draw_blocks,
                    {.operation_kinds = {"next", "pair", "repeat", "overlap", "gap", "ask"},
                     .about = "Repeats blocks, leaves gaps and overlaps, as no writer would."});
  registry.workload("admin", admin_main, draw_administration,
                    {.operation_kinds = {"info", "seal", "truncate"},
                     .about = "Looks at segments, truncates and seals them."});
  registry.workload("final_scan", final_scan_main,
                    {.start = run::ClientStart::kLast,
                     .is_in_every_scenario = true,
                     .about = "Reads everything that is left, when all others are done."});
  registry.settings<StreamSettings>("streams.*");
  registry.plan_hook(complete_plan);
  registry.plan_check(check_streams);
  registry.frame_namer(wire::frame_name);
  registry.marks(marks());
  properties::register_all(registry);
  registry.scenarios(embedded_files());
}

}  // namespace millrace::scenarios
