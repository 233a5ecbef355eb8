#pragma once

// A store of a few lines that keeps the protocol's promises while everything around it goes wrong:
// connections break before and after a block is stored, answers are late, refused blocks come
// again, and what a client left in an old connection is still served beside its new one.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "system/base/draws.h"
#include "system/base/ratio.h"
#include "system/env/sync.h"
#include "system/wire/message_stream.h"
#include "tests/system/client/fake_network.h"

namespace millrace::client {

/// How often things go wrong, for each message.
struct ModelFaults {
  Ratio cut_before;
  Ratio cut_after;
  Ratio refusal;
  /// A message may wait that long before it is served.
  Duration delay_max;
};

/// Serves all segments from memory. Stopped before it is destroyed.
class ModelStore {
 public:
  struct Segment {
    Bytes data;
    std::map<WriterId, EventNumber> last;
    bool is_sealed = false;
  };

  ModelStore(ClientWorld& world, std::uint64_t seed, const ModelFaults& model_faults)
      : faults(model_faults), world_(world), random_(seed), tasks_(world.tasks) {
    tasks_.spawn("acceptor", [this] { accept(); });
  }

  /// Serves what is left in all connections; the clients have hung up.
  void stop() {
    world_.network.close();
    CHECK(tasks_.join(world_.later()).has_value());
  }

  ModelFaults faults;
  std::map<SegmentId, Segment> segments;

 private:
  bool is_hit(Ratio ratio) {
    const std::uint64_t draw = random_.next();
    return ratio.hit(draw);
  }

  void accept() {
    while (true) {
      Result<std::unique_ptr<FakeConnection>> accepted =
          world_.network.accept(world_.later() + seconds(100'000));
      if (!accepted.has_value()) return;
      // Shared with the task, because a task's body can be copied.
      auto connection = std::make_shared<std::unique_ptr<FakeConnection>>(std::move(*accepted));
      tasks_.spawn("connection", [this, connection] { serve(std::move(*connection)); });
    }
  }

  void serve(std::unique_ptr<FakeConnection> connection) {
    FakePipe& pipe = connection->pipe();
    Result<wire::MessageStream> stream =
        wire::answer_greeting(std::move(connection), wire::kVersionsSpoken, world_.later());
    if (!stream.has_value()) return;
    std::set<WriterId> set_up;
    while (true) {
      const Result<wire::Message> message = stream->receive(world_.later() + seconds(100'000));
      if (!message.has_value()) return;
      const std::uint64_t draw = random_.next();
      const Duration delay = uniform_between(draw, Duration{}, faults.delay_max);
      if (!sleep_until(world_.tasks, world_.tasks.now() + delay).has_value()) return;
      if (is_hit(faults.cut_before)) return pipe.break_now();
      const std::optional<wire::Message> answer = handle(*message, set_up);
      if (is_hit(faults.cut_after)) return pipe.break_now();
      if (!answer.has_value()) continue;
      ignore(stream->send(*answer, world_.later()), "the client may have hung up");
    }
  }

  std::optional<wire::Message> handle(const wire::Message& message, std::set<WriterId>& set_up) {
    if (const auto* request = std::get_if<wire::SetupAppend>(&message)) {
      set_up.insert(request->writer);
      const Segment& segment = segments[request->segment];
      const auto last = segment.last.find(request->writer);
      return wire::AppendSetup{.request = request->request,
                               .segment = request->segment,
                               .writer = request->writer,
                               .event_number_last = last == segment.last.end()
                                                        ? std::nullopt
                                                        : std::optional(last->second)};
    }
    if (const auto* block = std::get_if<wire::AppendBlock>(&message)) {
      if (!set_up.contains(block->writer)) return std::nullopt;
      std::optional<wire::Message> answer = append_block(*block);
      if (std::holds_alternative<wire::AppendFailed>(*answer)) set_up.erase(block->writer);
      return answer;
    }
    return wire::KeepAlive{};
  }

  wire::Message append_block(const wire::AppendBlock& block) {
    Segment& segment = segments[block.segment];
    const auto last = segment.last.find(block.writer);
    const std::uint64_t stored_count = last == segment.last.end() ? 0 : last->second.value() + 1;
    if (block.event_number_last.value() < stored_count) return appended(block, std::nullopt);
    if (block.event_number_first.value() != stored_count) {
      return failed(block, Errc::kBadEventNumber);
    }
    if (segment.is_sealed) return failed(block, Errc::kSealed);
    if (is_hit(faults.refusal)) return failed(block, Errc::kOverloaded);
    const std::uint64_t offset = segment.data.size();
    if (block.expected_offset.has_value() && *block.expected_offset != offset) {
      return wire::ConditionalCheckFailed{.segment = block.segment,
                                          .writer = block.writer,
                                          .event_number_first = block.event_number_first,
                                          .event_number_last = block.event_number_last,
                                          .segment_length = offset};
    }
    append(segment.data, block.data);
    segment.last.insert_or_assign(block.writer, block.event_number_last);
    return appended(block, offset);
  }

  wire::Message appended(const wire::AppendBlock& block, std::optional<std::uint64_t> offset) {
    return wire::Appended{.segment = block.segment,
                          .writer = block.writer,
                          .event_number_first = block.event_number_first,
                          .event_number_last = block.event_number_last,
                          .offset = offset,
                          .segment_length = segments[block.segment].data.size()};
  }

  static wire::Message failed(const wire::AppendBlock& block, Errc code) {
    return wire::AppendFailed{.segment = block.segment,
                              .writer = block.writer,
                              .event_number_first = block.event_number_first,
                              .event_number_last = block.event_number_last,
                              .code = code,
                              .detail = ""};
  }

  ClientWorld& world_;
  FakeRandom random_;
  TaskGroup tasks_;
};

}  // namespace millrace::client
