#include "sim/run/worker_main.h"

#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "sim/kernel/arena.h"
#include "sim/kernel/identity.h"
#include "sim/run/pipe_io.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

using nlohmann::json;

/// How much sooner an impatient run is called a hang.
constexpr std::int64_t kImpatience = 10;

json to_json(const RunRequest& request) {
  CHECK(request.break_event == 0, "a debugger has the process that asks, not its workers");
  json out{{"scenario", request.scenario},
           {"seed", request.seed},
           {"is_traced", request.is_traced},
           {"keeps_block_hashes", request.keeps_block_hashes},
           {"keep_block_first", request.keep_block_first},
           {"keep_block_last", request.keep_block_last},
           {"keeps_draws", request.keeps_draws},
           {"crash_points", static_cast<int>(request.crash_points)},
           {"runs_on", request.runs_on_after_violation},
           {"until_event", request.until_event},
           {"is_disguised", request.is_disguised},
           {"hang_factor", request.hang_factor},
           {"is_impatient", request.is_impatient}};
  if (request.log.has_value()) out["log"] = static_cast<int>(*request.log);
  if (request.plan_json.has_value()) out["plan"] = *request.plan_json;
  if (request.mutation.has_value()) {
    out["mutation"] = {static_cast<int>(request.mutation->kind), request.mutation->nth};
  }
  return out;
}

RunRequest request_from(const json& in) {
  RunRequest request;
  in.at("scenario").get_to(request.scenario);
  in.at("seed").get_to(request.seed);
  in.at("is_traced").get_to(request.is_traced);
  in.at("keeps_block_hashes").get_to(request.keeps_block_hashes);
  in.at("keep_block_first").get_to(request.keep_block_first);
  in.at("keep_block_last").get_to(request.keep_block_last);
  in.at("keeps_draws").get_to(request.keeps_draws);
  request.crash_points = static_cast<CrashPointsKept>(in.at("crash_points").get<int>());
  in.at("runs_on").get_to(request.runs_on_after_violation);
  in.at("until_event").get_to(request.until_event);
  in.at("is_disguised").get_to(request.is_disguised);
  in.at("hang_factor").get_to(request.hang_factor);
  in.at("is_impatient").get_to(request.is_impatient);
  if (in.contains("log")) request.log = static_cast<LogLevel>(in.at("log").get<int>());
  if (in.contains("plan")) request.plan_json = in.at("plan").get<std::string>();
  if (in.contains("mutation")) {
    const json& mutation = in.at("mutation");
    request.mutation =
        HistoryMutation{.kind = static_cast<HistoryMutation::Kind>(mutation.at(0).get<int>()),
                        .nth = mutation.at(1).get<std::uint64_t>()};
  }
  return request;
}

/// Leaves the heap's free lists in another order, so that later blocks lie elsewhere.
void scramble_heap() {
  constexpr std::size_t kBlocks = 20'000;
  std::vector<void*> blocks(kBlocks);
  std::uint64_t state = 1;
  for (void*& block : blocks) {
    state = sim::mix(state, 0x6865'6170);
    block = std::malloc(16 + state % 1'000);
  }
  for (std::size_t i = blocks.size(); i > 1; --i) {
    state = sim::mix(state, i);
    std::swap(blocks[i - 1], blocks[state % i]);
  }
  // One in eight stays: gaps that move what follows.
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i % 8 != 0) std::free(blocks[i]);
  }
}

/// Changes what is no part of a run.
void disguise(const RunSource& source, const RunRequest& request, const WorkerOptions& options) {
  // An even byte also hands out the blocks of an arena from the other end; see arena.h.
  sim::set_fill_byte(std::byte{0x5A});
  scramble_heap();
  setenv("TZ", "Pacific/Chatham", 1);
  setenv("LANG", "tr_TR.UTF-8", 1);
  setenv("LC_ALL", "tr_TR.UTF-8", 1);
  tzset();
  CHECK(chdir("/") == 0, "the root directory is always there");
  RunRequest other = request;
  other.seed = request.seed == 0 ? 1 : request.seed - 1;
  other.plan_json.reset();
  run_request(source, other, options);
}

}  // namespace

std::string batch_to_json(const BatchMessage& batch) {
  json requests = json::array();
  for (const RunRequest& request : batch.requests) requests.push_back(to_json(request));
  return json{{"slot", batch.slot}, {"requests", std::move(requests)}}.dump();
}

BatchMessage batch_from_json(std::string_view text) {
  const json in = json::parse(text, nullptr, false);
  CHECK(!in.is_discarded(), "the parent speaks JSON");
  BatchMessage batch;
  in.at("slot").get_to(batch.slot);
  for (const json& request : in.at("requests")) batch.requests.push_back(request_from(request));
  return batch;
}

std::string reply_to_json(const RunReply& reply) {
  json out{{"record", run_record_to_json(reply.record)}};
  if (reply.tool_error.has_value()) out["tool_error"] = *reply.tool_error;
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

void reply_from_json(std::string_view text, RunReply& reply) {
  const json in = json::parse(text, nullptr, false);
  CHECK(!in.is_discarded(), "a worker speaks JSON");
  Result<RunRecord> record = run_record_from_json(in.at("record").get<std::string>());
  CHECK(record.has_value(), "a worker's record is whole");
  reply.record = *std::move(record);
  if (in.contains("tool_error")) reply.tool_error = in.at("tool_error").get<std::string>();
}

void work(const RunSource& source, const std::vector<RunRequest>& requests,
          const WorkerOptions& options, int replies, CrashPage& page) {
  const Duration hang_cpu = options.hang_cpu * requests.front().hang_factor;
  const std::int64_t part = requests.front().is_impatient ? kImpatience : 1;
  install_crash_handlers(page, Duration{hang_cpu.ns / part});
  if (requests.front().is_disguised) disguise(source, requests.front(), options);
  for (const RunRequest& request : requests) {
    const RunReply reply = run_request(source, request, options);
    if (!write_frame(replies, reply_to_json(reply))) _exit(1);
  }
  _exit(0);
}

}  // namespace millrace::run
