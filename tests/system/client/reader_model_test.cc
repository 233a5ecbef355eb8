// A reader's position against a model: a segment that grows and is truncated while its answers come
// in pieces, late or never, connections break, and the reader gives up waiting or is made anew at
// the place that it had.

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <ostream>
#include <rapidcheck/gtest.h>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "system/client/event_reader.h"
#include "system/env/sync.h"
#include "system/types/event.h"
#include "system/wire/message_stream.h"
#include "tests/system/client/fake_network.h"

namespace millrace::client {
namespace {

/// What happens before a request is answered, or in place of that.
enum class Deed : std::uint8_t {
  kAppend,
  kTruncate,
  kPiece,
  kWait,
  kCut,
  kLoseAnswer,
  kSilence,
  kRefuse
};

struct Turn {
  Deed deed = Deed::kAppend;
  std::uint32_t number = 0;
};

std::ostream& operator<<(std::ostream& out, const Turn& turn) {
  return out << "deed " << static_cast<int>(turn.deed) << ' ' << turn.number;
}

/// What a reader does before it asks for the next event.
struct Patience {
  Duration wait;
  bool is_new_reader = false;
};

std::ostream& operator<<(std::ostream& out, const Patience& patience) {
  return out << patience.wait.ns << (patience.is_new_reader ? " ns anew" : " ns");
}

template <typename T>
rc::Gen<T> full(rc::Gen<T> gen) {
  return rc::gen::resize(rc::kNominalSize, std::move(gen));
}

std::vector<Turn> any_turns() {
  const auto deed = full(rc::gen::weightedElement<Deed>({{12, Deed::kAppend},
                                                         {2, Deed::kTruncate},
                                                         {8, Deed::kPiece},
                                                         {2, Deed::kWait},
                                                         {2, Deed::kCut},
                                                         {2, Deed::kLoseAnswer},
                                                         {1, Deed::kSilence},
                                                         {1, Deed::kRefuse}}));
  return *rc::gen::container<std::vector<Turn>>(
      rc::gen::construct<Turn>(deed, full(rc::gen::inRange<std::uint32_t>(0, 60))));
}

std::vector<Patience> any_patience() {
  const auto wait = rc::gen::map(full(rc::gen::element(1, 200, 5'000, 100'000)),
                                 [](int ms) { return milliseconds(ms); });
  return *rc::gen::container<std::vector<Patience>>(
      8, rc::gen::construct<Patience>(
             wait, full(rc::gen::weightedElement<bool>({{6, false}, {1, true}}))));
}

/// Serves one segment, a turn a request; after the last turn it is sealed.
class TurningStore {
 public:
  TurningStore(ClientWorld& world, std::vector<Turn> turns)
      : world_(world), turns_(std::move(turns)) {}

  void serve() {
    while (true) {
      auto accepted = world_.network.accept(world_.later() + seconds(1'000'000));
      if (!accepted.has_value()) return;
      serve(std::move(*accepted));
    }
  }

  std::map<std::uint64_t, std::string> events;  // By offset.
  std::set<std::uint64_t> starts{0};
  Bytes bytes;

 private:
  void serve(std::unique_ptr<FakeConnection> connection) {
    FakePipe& pipe = connection->pipe();
    auto stream =
        wire::answer_greeting(std::move(connection), wire::kVersionsSpoken, world_.later());
    if (!stream.has_value()) return;
    while (true) {
      const auto message = stream->receive(world_.later() + seconds(1'000'000));
      if (!message.has_value()) return;
      const auto* const request = std::get_if<wire::ReadSegment>(&*message);
      if (request == nullptr) continue;
      const Turn turn = next_turn();
      if (turn.deed == Deed::kCut) return pipe.break_now();
      if (turn.deed == Deed::kSilence) continue;
      const wire::Message answer = answer_to(*request, turn);
      ignore(stream->send(answer, world_.later()), "the client may have hung up");
      if (turn.deed == Deed::kLoseAnswer) return pipe.break_now();
    }
  }

  Turn next_turn() {
    if (turn_ == turns_.size()) return {.deed = Deed::kPiece, .number = 1'000'000};
    const Turn turn = turns_[turn_++];
    if (turn.deed == Deed::kAppend) append(turn.number);
    if (turn.deed == Deed::kTruncate) truncate(turn.number);
    return turn;
  }

  void append(std::uint32_t number) {
    const std::string payload(number % 40, static_cast<char>('a' + events.size() % 26));
    events[bytes.size()] = payload;
    append_event(bytes, as_bytes(payload));
  }

  /// To where one of the events starts, or to the end.
  void truncate(std::uint32_t number) {
    std::vector<std::uint64_t> places{bytes.size()};
    for (const auto& [offset, payload] : events) places.push_back(offset);
    starts.insert(std::max(*starts.rbegin(), places[number % places.size()]));
  }

  wire::Message answer_to(const wire::ReadSegment& request, const Turn& turn) {
    if (turn.deed == Deed::kWait) pause(milliseconds(100 * turn.number));
    if (turn.deed == Deed::kRefuse) {
      return wire::ErrorReply{
          .request = request.request, .code = Errc::kOverloaded, .detail = "as drawn"};
    }
    if (request.offset < *starts.rbegin()) {
      return wire::ReadTruncated{
          .request = request.request, .segment = request.segment, .start_offset = *starts.rbegin()};
    }
    const auto offset = static_cast<std::size_t>(request.offset);
    const std::size_t most = turn.deed == Deed::kPiece ? turn.number + 1 : request.bytes_max;
    const std::size_t size =
        std::min({bytes.size() - offset, most, std::size_t{request.bytes_max}});
    const bool is_at_tail = offset + size == bytes.size();
    const bool is_sealed = turn_ == turns_.size();
    if (size == 0 && !is_sealed) pause(request.wait);
    // What came while it waited is for the next request.
    return wire::SegmentRead{.request = request.request,
                             .segment = request.segment,
                             .offset = request.offset,
                             .is_at_tail = is_at_tail,
                             .is_end = is_at_tail && is_sealed,
                             .data = to_bytes(ByteView(bytes).subspan(offset, size))};
  }

  void pause(Duration span) {
    ignore(sleep_until(world_.tasks, world_.tasks.now() + span), "nobody cancels the store");
  }

  ClientWorld& world_;
  const std::vector<Turn> turns_;
  std::size_t turn_ = 0;
};

/// What a reader was given: an event, or where it was sent by a truncation.
struct Given {
  std::uint64_t offset = 0;
  std::uint64_t next = 0;
  std::optional<std::string> payload = {};
};

struct Seen {
  std::vector<Given> all;
  bool has_ended = false;
  std::string error;
};

/// Reads to the end of the segment.
Seen read_all(ClientWorld& world, const std::vector<Patience>& patience) {
  constexpr int kCallsMax = 100'000;
  Seen seen;
  std::optional<EventReader> reader;
  reader.emplace(world.context(), world.segment(0), 0);
  for (std::size_t call = 0; call < kCallsMax; ++call) {
    const Patience& now = patience[call % patience.size()];
    if (now.is_new_reader) {
      const std::uint64_t offset = reader->offset();
      reader.emplace(world.context(), world.segment(0), offset);
    }
    const auto event = reader->next(world.tasks.now() + now.wait);
    if (failed_with(event, Errc::kTimeout)) continue;
    if (failed_with(event, Errc::kTruncated)) {
      seen.all.push_back({.offset = reader->offset(), .next = reader->offset()});
      continue;
    }
    if (!event.has_value()) {
      seen.error = event.error().detail;
      return seen;
    }
    if (!event->has_value()) {
      seen.has_ended = true;
      return seen;
    }
    seen.all.push_back({.offset = (*event)->offset,
                        .next = (*event)->offset_next,
                        .payload = std::string(as_text((*event)->payload))});
  }
  seen.error = "no end";
  return seen;
}

RC_GTEST_PROP(ReaderModel, a_position_goes_from_event_to_event_whatever_happens_on_the_way, ()) {
  const std::vector<Turn> turns = any_turns();
  const std::vector<Patience> patience = any_patience();
  const auto request_bytes = *full(rc::gen::element<std::uint32_t>(16, 100, 100'000));
  const auto schedule = *full(rc::gen::inRange<std::uint64_t>(0, 1'000));

  // Nothing is asserted within tasks, whose stacks an exception must not leave.
  Seen seen;
  std::map<std::uint64_t, std::string> events;
  std::set<std::uint64_t> starts;
  std::uint64_t length = 0;
  FakeTasks tasks(schedule);
  tasks.spawn("main", [&] {
    ClientWorld world(tasks);
    world.config.read_bytes_max = request_bytes;
    TurningStore store(world, turns);
    TaskGroup group(tasks);
    group.spawn("store", [&] { store.serve(); });
    seen = read_all(world, patience);
    world.network.close();
    CHECK(group.join(world.later()).has_value());
    events = store.events;
    starts = store.starts;
    length = store.bytes.size();
  });
  tasks.run();

  RC_ASSERT(seen.error == "");
  RC_ASSERT(seen.has_ended);
  std::uint64_t position = 0;
  for (const Given& given : seen.all) {
    if (!given.payload.has_value()) {
      RC_ASSERT(given.offset > position);
      RC_ASSERT(starts.contains(given.offset));
    } else {
      RC_ASSERT(given.offset == position);
      RC_ASSERT(events.contains(position));
      RC_ASSERT(*given.payload == events[position]);
    }
    position = given.next;
  }
  RC_ASSERT(position == length);
}

}  // namespace
}  // namespace millrace::client
