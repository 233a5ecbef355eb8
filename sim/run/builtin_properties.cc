#include "sim/run/builtin_properties.h"

#include <fmt/format.h>

namespace millrace::run {

void Clean::on(const TaskEnded& ended, At at, Judge& judge) {
  judge.compared();
  if (ended.exception.empty()) return;
  judge.violated({.failure_class = "exception",
                  .seen = fmt::format("task {} of {} ended with an exception: {}", ended.task,
                                      ended.role, ended.exception),
                  .expected = "tasks that end by returning",
                  .evidence = {at}});
}

void Clean::on(const UnexpectedReported& reported, At at, Judge& judge) {
  judge.compared();
  if (unexpected_.has_value()) return;
  unexpected_ = {.failure_class = "unexpected",
                 .seen = fmt::format("{}: {}", reported.where, reported.why),
                 .expected = "nothing that the program itself calls unexpected",
                 .evidence = {at}};
}

void Clean::at_end(Judge& judge) {
  if (unexpected_.has_value()) judge.violated(*unexpected_);
}

void ClientsFinish::on(const ClientStarted& started, At at, Judge& /*judge*/) {
  running_[started.client] = {.at = at, .is_fresh = started.is_fresh};
}

void ClientsFinish::on(const ClientFinished& finished, At at, Judge& judge) {
  running_.erase(finished.client);
  judge.compared();
  if (finished.error.empty()) return;
  judge.violated({.failure_class = "client_failed",
                  .seen = fmt::format("{} gave up: {}", finished.client, finished.error),
                  .expected = "a client that does all of its operations",
                  .evidence = {at}});
}

void ClientsFinish::at_end(Judge& judge) {
  for (const auto& [client, running] : running_) {
    judge.compared();
    judge.violated({.failure_class = running.is_fresh ? "fresh_client_stuck" : "old_client_stuck",
                    .seen = fmt::format("{} still runs at the end of the settle time", client),
                    .expected = "a client that finishes once the core is healed",
                    .evidence = {running.at}});
  }
}

void NoWedgedOperation::on(const PhaseBegan& began, At /*at*/, Judge& /*judge*/) {
  is_healed_ = began.phase == Phase::kSettle;
}

void NoWedgedOperation::on(const OperationTaken& taken, At at, Judge& /*judge*/) {
  if (!is_healed_) pending_[taken.operation] = {.at = at, .kind = taken.kind};
}

void NoWedgedOperation::on(const OperationEnded& ended, At /*at*/, Judge& judge) {
  pending_.erase(ended.operation);
  judge.compared();
}

void NoWedgedOperation::at_end(Judge& judge) {
  for (const auto& [operation, pending] : pending_) {
    judge.compared();
    judge.violated({.failure_class = "wedged",
                    .seen = fmt::format("operation {} ({}) never ended", operation, pending.kind),
                    .expected = "ok, failed or unknown",
                    .evidence = {pending.at}});
  }
}

}  // namespace millrace::run
