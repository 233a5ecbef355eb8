#include "scenarios/workloads/writer.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "properties/records.h"
#include "scenarios/workloads/common.h"
#include "system/client/event_writer.h"
#include "system/env/sync.h"
#include "system/types/event.h"

namespace millrace::scenarios {
namespace {

using client::ClientContext;
using client::EventWriter;
using client::WriteAck;
using client::WriteHandle;

// How long a writer waits before it looks whether it has waited for long enough.
constexpr Duration kSlice = seconds(1);

/// A write whose outcome is not known yet.
struct Pending {
  run::Operation operation;
  StreamName stream;
  std::vector<std::size_t> event_bytes;  // Of each event, with its header.
  std::uint32_t incarnation = 0;         // Of the writer that took it.
  Instant taken;
  WriteHandle handle;
};

/// One client: a task that writes and one that waits for the outcomes, in order.
class WriterClient {
 public:
  WriterClient(Env& env, const WriterConfig& config, run::Client& client)
      : env_(env),
        client_(client),
        directory_(make_directory(client.directory())),
        context_(client::make_context(env, directory_, config)),
        streams_(streams_of(client.directory())),
        pending_(env.tasks, config.ahead),
        tasks_(env.tasks) {}

  Result<void> run() {
    const Instant deadline = env_.clock.now() + kPatience;
    record_streams(client_);
    TRY(create_segments(context_, client_.directory(), deadline));
    tasks_.spawn("outcomes", [this] { await_outcomes(); });
    while (const auto operation = client_.next_operation()) write(*operation, deadline);
    pending_.close();
    TRY(tasks_.join(deadline));
    for (auto& [stream, writer] : writers_) TRY(writer->close(deadline));
    return {};
  }

 private:
  void write(const run::Operation& operation, Instant deadline);
  void await_outcomes();
  void settle(Pending& pending);
  void record_ack(const Pending& pending, const WriteAck& ack);
  Result<EventWriter*> writer_of(const StreamName& stream, Instant deadline);
  void retire(std::uint32_t incarnation, Errc why);
  bool is_overdue(Instant taken);
  Instant slice_end(Instant taken);

  template <typename Record>
  void record_all(const run::Operation& operation, std::size_t events, const std::string& code) {
    for (std::size_t i = 0; i < events; ++i) {
      client_.history().record(Record{.uid = first_uid(operation.id) + i, .code = code});
    }
  }

  Env& env_;
  run::Client& client_;
  client::StaticDirectory directory_;
  const ClientContext context_;
  const std::vector<Stream> streams_;
  std::map<StreamName, std::unique_ptr<EventWriter>> writers_;
  // Writer objects come to an end; a successor is another writer, with its own sequences.
  std::uint32_t incarnation_ = 1;
  bool is_retiring_ = false;
  std::optional<Instant> healed_at_;  // When this client saw it first.
  std::map<std::pair<StreamName, std::uint32_t>, std::uint64_t> sequences_;
  Channel<Pending> pending_;
  TaskGroup tasks_;
};

Result<EventWriter*> WriterClient::writer_of(const StreamName& stream, Instant deadline) {
  if (is_retiring_) {
    // What the old writers still have under way ends as it ends, mostly unknown by closing them,
    // and says nothing of their successors.
    is_retiring_ = false;
    ++incarnation_;
    sequences_.clear();
    for (auto& [name, writer] : writers_) TRY(writer->close(deadline));
    writers_.clear();
  }
  const auto found = writers_.find(stream);
  if (found != writers_.end()) return found->second.get();
  std::unique_ptr<EventWriter> opened = TRY(EventWriter::open(context_, stream, deadline));
  return writers_.emplace(stream, std::move(opened)).first->second.get();
}

void WriterClient::write(const run::Operation& operation, Instant deadline) {
  const auto stream_index = static_cast<std::size_t>(operation.argument("stream"));
  const StreamName& stream = streams_[stream_index % streams_.size()].name;
  const auto key = static_cast<std::uint32_t>(operation.argument("key"));
  const auto events = static_cast<std::size_t>(operation.argument("events", 1));
  const auto bytes = static_cast<std::size_t>(operation.argument("bytes", 1));

  const Result<EventWriter*> writer = writer_of(stream, deadline);
  if (!writer.has_value()) {
    client_.finish(operation, run::Outcome::kFailed);
    return;
  }
  const std::string name = fmt::format("{}#{}", client_.name(), incarnation_);
  std::vector<Bytes> payloads;
  for (std::size_t i = 0; i < events; ++i) {
    const Payload payload{.uid = first_uid(operation.id) + i,
                          .writer = name,
                          .key = key,
                          .sequence = sequences_[{stream, key}]++};
    client_.history().record(properties::AppendInvoked{.uid = payload.uid,
                                                       .stream = stream,
                                                       .writer = name,
                                                       .key = key,
                                                       .sequence = payload.sequence});
    payloads.push_back(encode_payload(payload, bytes));
  }
  std::vector<ByteView> views(payloads.begin(), payloads.end());
  const Instant taken = env_.clock.now();
  const std::string routing = routing_key(key);
  Result<WriteHandle> handle = (*writer)->write_batch(routing, views, slice_end(taken));
  while (failed_with(handle, Errc::kTimeout) && !is_overdue(taken)) {
    handle = (*writer)->write_batch(routing, views, slice_end(taken));
  }
  if (!handle.has_value()) {
    record_all<properties::AppendFailed>(operation, events,
                                         std::string(to_text(handle.error().code)));
    client_.finish(operation, run::Outcome::kFailed);
    retire(incarnation_, handle.error().code);
    return;
  }
  Pending pending{.operation = operation,
                  .stream = stream,
                  .event_bytes = {},
                  .incarnation = incarnation_,
                  .taken = taken,
                  .handle = *std::move(handle)};
  for (const Bytes& payload : payloads) {
    pending.event_bytes.push_back(payload.size() + kEventHeaderBytes);
  }
  ignore(pending_.send(std::move(pending), deadline),
         "the channel outlives every write, and the patience every run");
}

void WriterClient::await_outcomes() {
  for (;;) {
    Result<Pending> pending = pending_.receive(env_.clock.now() + kPatience);
    if (!pending.has_value()) return;
    settle(*pending);
  }
}

void WriterClient::settle(Pending& pending) {
  const std::size_t events = pending.event_bytes.size();
  Result<WriteAck> ack = pending.handle.wait(slice_end(pending.taken));
  while (failed_with(ack, Errc::kTimeout) && !is_overdue(pending.taken)) {
    ack = pending.handle.wait(slice_end(pending.taken));
  }
  if (ack.has_value()) {
    record_ack(pending, *ack);
    client_.finish(pending.operation, run::Outcome::kOk);
    return;
  }
  const std::string code(to_text(ack.error().code));
  const bool is_definite = happened(ack.error().code) == Happened::kNo;
  if (is_definite) {
    record_all<properties::AppendFailed>(pending.operation, events, code);
  } else {
    record_all<properties::AppendUnknown>(pending.operation, events, code);
  }
  retire(pending.incarnation, ack.error().code);
  client_.finish(pending.operation, is_definite ? run::Outcome::kFailed : run::Outcome::kUnknown);
}

/// Whether a write has had its time. While there are faults it may wait for as long as they last: a
/// writer would else have given up most of what it has to write when its store comes back.
bool WriterClient::is_overdue(Instant taken) {
  if (!client_.is_settling()) return false;
  if (!healed_at_.has_value()) healed_at_ = env_.clock.now();
  return env_.clock.now() - std::max(taken, *healed_at_) >= kOperationPatience;
}

/// When to look next; at once where a write has had its time, so that many of them end together.
Instant WriterClient::slice_end(Instant taken) {
  return is_overdue(taken) ? env_.clock.now() : env_.clock.now() + kSlice;
}

/// A writer whose write failed takes no more; but one that met a sealed segment serves the others.
void WriterClient::retire(std::uint32_t incarnation, Errc why) {
  if (incarnation == incarnation_ && why != Errc::kSealed) is_retiring_ = true;
}

void WriterClient::record_ack(const Pending& pending, const WriteAck& ack) {
  std::uint64_t offset = ack.offset.value_or(0);
  for (std::size_t i = 0; i < pending.event_bytes.size(); ++i) {
    const std::uint64_t end = offset + pending.event_bytes[i];
    client_.history().record(properties::AppendAcked{.uid = first_uid(pending.operation.id) + i,
                                                     .segment = ack.segment,
                                                     .has_offset = ack.offset.has_value(),
                                                     .offset = offset,
                                                     .end = end});
    offset = end;
  }
}

}  // namespace

void draw_writes(const WriterConfig& config, run::PlanClient& client, run::PlanDraws& draws) {
  const std::int64_t span = draws.run_for().ns / 4 * 3;
  for (std::uint64_t i = 0; i < config.operations; ++i) {
    // Writes come in bursts now and then: a quarter of them falls on one of four instants.
    const bool is_burst = draws.hit("is_burst", i, {1, 4});
    const std::int64_t alone = draws.between("not_before", i, 0, span);
    const std::int64_t burst = draws.between("burst", i % 4, 0, span);
    draws.add_operation(
        client, "append", Duration{is_burst ? burst : alone},
        {{"stream", draws.between("stream", i, 0, 63)},
         {"key", draws.between("key", i, 0, std::int64_t{config.keys} - 1)},
         {"events", draws.between("events", i, 1, std::int64_t{config.batch_events})},
         {"bytes", draws.log_uniform("bytes", i, 1, std::int64_t{config.event_bytes})}});
  }
}

Result<void> writer_main(Env& env, const WriterConfig& config, run::Client& client) {
  WriterClient writer(env, config, client);
  return writer.run();
}

}  // namespace millrace::scenarios
