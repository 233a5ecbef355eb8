#include "tests/properties/small_store.h"

#include <algorithm>
#include <array>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "system/base/error.h"
#include "system/types/routing.h"

namespace millrace::properties {
namespace {

constexpr std::uint64_t kGapEvents = 1'000'000;
constexpr std::uint32_t kConditionalKeys = 1'000;
constexpr std::uint32_t kResenderKeys = 1'000'000;
constexpr const char* kResenderId = "resender-1's identity";

/// An event on its way, or what became of it.
struct Append {
  std::uint64_t uid = 0;
  std::string writer;
  std::uint32_t key = 0;
  std::uint64_t sequence = 0;
  std::size_t segment = 0;
  std::optional<std::uint64_t> condition = {};
  bool is_decided = false;
  bool is_stored = false;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  std::uint64_t length = 0;  ///< Of the segment, when it was refused.
  Errc refusal = Errc::kSealed;
};

struct Segment {
  SegmentId id;
  std::vector<std::uint64_t> log = {};  // Uids.
  std::uint64_t length = 0;
  std::uint64_t start = 0;
  bool is_sealed = false;
  std::uint64_t changes = 0;
};

enum class Kind : std::uint8_t { kAppend, kBlock, kAsk, kInfo, kRead, kTruncate, kSeal };

/// An operation that its client waits for.
struct Pending {
  Kind kind = Kind::kAppend;
  std::uint64_t operation = 0;
  std::size_t segment = 0;
  std::uint64_t uid = 0;     // Of an append.
  std::uint64_t offset = 0;  // That a request names.
  std::uint64_t first = 0;   // Of a block.
  std::uint64_t last = 0;
  bool has_happened = false;
  // What the answer will say.
  bool is_yes = false;  // Sealed, truncated or acknowledged.
  bool has_offset = false;
  std::uint64_t start = 0;
  std::uint64_t length = 0;  // Or a count.
  Errc code = Errc::kSealed;
};

struct Pass {
  std::string name;
  std::size_t segment = 0;
  std::uint64_t offset = 0;
};

class SmallStore {
 public:
  explicit SmallStore(std::uint32_t segments);
  void take(const Step& step);
  Recording finish();

 private:
  template <typename Record>
  void record(const Record& record) {
    out_.push_back({.record = record});
  }
  template <typename Fact>
  void report(const Fact& fact) {
    out_.push_back({.record = fact, .machine = 0});
  }
  std::uint64_t begin(const char* kind);
  void end(std::uint64_t operation, run::Outcome outcome);
  std::uint32_t key_of(std::size_t segment, std::uint32_t start) const;

  std::uint64_t invoke_append(const std::string& writer, std::uint32_t key, std::uint64_t sequence);
  void write(const std::string& writer, std::uint32_t key);
  void append_conditionally(const Step& step);
  void send_block(const Step& step);
  void ask(const Step& step);
  void look(const Step& step);
  void read_at(const Step& step);
  void truncate(const Step& step);
  void seal(const Step& step);

  void go_on(std::size_t index, std::uint32_t how);
  void give_up(std::size_t index, std::uint32_t how);
  void happen(Pending& pending);
  void decide_line(const std::string& writer, std::uint64_t until);
  void decide(Append& append);
  void store_block(Pending& pending);
  void answer(const Pending& pending, std::uint32_t how);
  void answer_append(const Pending& pending, std::uint32_t how);
  void answer_block(const Pending& pending, std::uint32_t how);
  void ack(const Append& append, bool has_offset);

  void follow(const Step& step);
  bool read_next(Pass& pass);
  void end_pass(Pass& pass);
  void report_something(const Step& step);
  void restart();
  void report_holds(std::uint64_t more_bytes);
  void scan();
  std::uint64_t digest_of(const Segment& segment) const;

  Recording out_;
  SegmentMap layout_;
  std::vector<Segment> segments_;
  std::map<std::uint64_t, Append> appends_;  // By uid.
  /// By writer: what it sent and the store has not decided, in order.
  std::map<std::string, std::deque<std::uint64_t>> lines_;
  std::map<std::pair<std::string, std::uint32_t>, std::uint64_t> sequences_;
  std::vector<Pending> pending_;
  std::array<std::optional<Pass>, 2> passes_;
  std::vector<std::string> clients_;
  std::uint64_t operations_ = 0;
  std::uint64_t uids_ = 0;
  std::uint64_t pass_count_ = 0;
  std::uint32_t boot_ = 0;
  // The resender: what it sent, knows to be stored, and the store has of it.
  std::vector<std::uint64_t> block_uids_;
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> blocks_;  // First: last, offset.
  std::uint64_t known_count_ = 0;
  std::uint64_t stored_count_ = 0;
  std::pair<std::uint64_t, std::uint64_t> last_block_;
  bool has_to_ask_ = false;
};

SmallStore::SmallStore(std::uint32_t segments)
    : layout_(SegmentMap::equal_split(*StreamName::parse("orders"), segments)) {
  for (const SegmentMap::Entry& entry : layout_.entries())
    segments_.push_back({.id = entry.segment});
  record(run::PhaseBegan{.phase = run::Phase::kFaults});
  restart();
  clients_ = {"writer-1", "writer-2", "conditional-1", "resender-1", "admin-1"};
  for (const std::string& client : clients_) {
    record(run::ClientStarted{.client = client, .workload = "any", .is_fresh = false});
    record(StreamKnown{.stream = segments_.front().id.stream, .segments = segments});
  }
}

std::uint64_t SmallStore::begin(const char* kind) {
  record(run::OperationTaken{.operation = ++operations_, .kind = kind});
  return operations_;
}

void SmallStore::end(std::uint64_t operation, run::Outcome outcome) {
  record(run::OperationEnded{.operation = operation, .outcome = outcome});
}

std::uint32_t SmallStore::key_of(std::size_t segment, std::uint32_t start) const {
  std::uint32_t key = start;
  while (layout_.segment_of(hash_routing_key(fmt::format("k{}", key))) != segments_[segment].id) {
    ++key;
  }
  return key;
}

std::uint64_t SmallStore::digest_of(const Segment& segment) const {
  return segment.changes * 1'000'003 + segment.id.number;
}

// --- Requests ---

std::uint64_t SmallStore::invoke_append(const std::string& writer, std::uint32_t key,
                                        std::uint64_t sequence) {
  const std::uint64_t uid = ++uids_;
  const SegmentId& segment = layout_.segment_of(hash_routing_key(fmt::format("k{}", key)));
  appends_[uid] = {
      .uid = uid, .writer = writer, .key = key, .sequence = sequence, .segment = segment.number};
  record(AppendInvoked{
      .uid = uid, .stream = segment.stream, .writer = writer, .key = key, .sequence = sequence});
  return uid;
}

void SmallStore::write(const std::string& writer, std::uint32_t key) {
  const std::uint64_t operation = begin("append");
  const std::uint64_t uid = invoke_append(writer, key, sequences_[{writer, key}]++);
  lines_[writer].push_back(uid);
  pending_.push_back({.kind = Kind::kAppend,
                      .operation = operation,
                      .segment = appends_[uid].segment,
                      .uid = uid});
}

void SmallStore::append_conditionally(const Step& step) {
  const std::size_t index = step.which % segments_.size();
  const Segment& segment = segments_[index];
  const std::uint32_t key = key_of(index, kConditionalKeys);
  const std::uint64_t operation = begin("append_at_known");
  const std::uint64_t uid =
      invoke_append("conditional-1", key, sequences_[{"conditional-1", key}]++);
  // Now and then the length of before the last event, which is a conflict.
  const bool is_stale = step.how % 3 == 0 && !segment.log.empty();
  const std::uint64_t expected = is_stale ? appends_[segment.log.back()].offset : segment.length;
  appends_[uid].condition = expected;
  record(ConditionalInvoked{.uid = uid, .segment = segment.id, .expected_offset = expected});
  lines_["conditional-1"].push_back(uid);
  pending_.push_back({.kind = Kind::kAppend, .operation = operation, .segment = index, .uid = uid});
}

/// One block is under way at a time; after a lost answer the resender asks first.
void SmallStore::send_block(const Step& step) {
  const bool is_busy = std::ranges::any_of(pending_, [](const Pending& pending) {
    return pending.kind == Kind::kBlock || pending.kind == Kind::kAsk;
  });
  if (is_busy) return;
  if (has_to_ask_) return ask(step);
  const std::uint64_t count = 1 + step.how % 3;
  std::uint64_t first = known_count_;
  std::uint64_t last = first + count - 1;
  if (step.which % 6 == 1 && known_count_ > 0) std::tie(first, last) = last_block_;
  if (step.which % 6 == 2 && known_count_ > 0) first = known_count_ - 1;
  if (step.which % 6 == 3) {
    first = std::max<std::uint64_t>(known_count_, block_uids_.size()) + kGapEvents;
    last = first + count - 1;
  }
  const std::uint64_t operation = begin("block");
  while (first < kGapEvents && block_uids_.size() <= last) {
    const std::uint64_t number = block_uids_.size();
    block_uids_.push_back(invoke_append("resender-1/orders/0", key_of(0, kResenderKeys), number));
  }
  record(BlockInvoked{.operation = operation,
                      .segment = segments_.front().id,
                      .writer_id = kResenderId,
                      .first = first,
                      .last = last});
  pending_.push_back({.kind = Kind::kBlock, .operation = operation, .first = first, .last = last});
}

void SmallStore::ask(const Step& /*step*/) {
  const bool is_busy = std::ranges::any_of(pending_, [](const Pending& pending) {
    return pending.kind == Kind::kBlock || pending.kind == Kind::kAsk;
  });
  if (is_busy) return;
  const std::uint64_t operation = begin("ask");
  record(WriterAsked{
      .operation = operation, .segment = segments_.front().id, .writer_id = kResenderId});
  pending_.push_back({.kind = Kind::kAsk, .operation = operation});
}

void SmallStore::look(const Step& step) {
  const std::size_t index = step.which % segments_.size();
  const std::uint64_t operation = begin("info");
  record(InfoInvoked{.operation = operation, .segment = segments_[index].id});
  pending_.push_back({.kind = Kind::kInfo, .operation = operation, .segment = index});
}

/// The byte before the segment's start, or the first one, or any event's first.
void SmallStore::read_at(const Step& step) {
  const std::size_t index = step.which % segments_.size();
  const Segment& segment = segments_[index];
  if (segment.log.empty()) return;
  std::uint64_t offset = appends_[segment.log[step.how % segment.log.size()]].offset;
  if (step.how % 3 == 0 && segment.start > 0) offset = segment.start - 1;
  const std::uint64_t operation = begin("read");
  record(ReadInvoked{.operation = operation, .segment = segment.id, .offset = offset});
  pending_.push_back(
      {.kind = Kind::kRead, .operation = operation, .segment = index, .offset = offset});
}

void SmallStore::truncate(const Step& step) {
  const std::size_t index = step.which % segments_.size();
  const Segment& segment = segments_[index];
  if (segment.log.empty()) return;
  const std::uint64_t offset = appends_[segment.log[step.how % segment.log.size()]].end;
  const std::uint64_t operation = begin("truncate");
  record(TruncateInvoked{.operation = operation, .segment = segment.id, .offset = offset});
  pending_.push_back(
      {.kind = Kind::kTruncate, .operation = operation, .segment = index, .offset = offset});
}

void SmallStore::seal(const Step& step) {
  const std::size_t index = step.which % segments_.size();
  const std::uint64_t operation = begin("seal");
  record(SealInvoked{.operation = operation, .segment = segments_[index].id});
  pending_.push_back({.kind = Kind::kSeal, .operation = operation, .segment = index});
}

// --- Effects ---

void SmallStore::happen(Pending& pending) {
  pending.has_happened = true;
  Segment& segment = segments_[pending.segment];
  switch (pending.kind) {
    case Kind::kAppend:
      return decide_line(appends_[pending.uid].writer, pending.uid);
    case Kind::kBlock:
      return store_block(pending);
    case Kind::kAsk:
      pending.length = stored_count_;
      return;
    case Kind::kTruncate:
      if (pending.offset > segment.start) ++segment.changes;
      segment.start = std::max(segment.start, pending.offset);
      break;
    case Kind::kSeal:
      if (!segment.is_sealed) ++segment.changes;
      segment.is_sealed = true;
      break;
    case Kind::kRead:
      pending.is_yes = pending.offset < segment.start;
      break;
    case Kind::kInfo:
      pending.is_yes = segment.is_sealed;
      break;
  }
  pending.start = segment.start;
  pending.length = segment.length;
}

/// What a writer sent is taken in order.
void SmallStore::decide_line(const std::string& writer, std::uint64_t until) {
  std::deque<std::uint64_t>& line = lines_[writer];
  while (!line.empty() && line.front() <= until) {
    decide(appends_[line.front()]);
    line.pop_front();
  }
}

void SmallStore::decide(Append& append) {
  Segment& segment = segments_[append.segment];
  append.is_decided = true;
  append.length = segment.length;
  if (segment.is_sealed) return;
  if (append.condition.has_value() && *append.condition != segment.length) {
    append.refusal = Errc::kBadOffset;
    return;
  }
  append.is_stored = true;
  append.offset = segment.length;
  append.end = append.offset + 10 + append.uid % 7;
  segment.length = append.end;
  segment.log.push_back(append.uid);
  ++segment.changes;
}

void SmallStore::store_block(Pending& pending) {
  const Segment& segment = segments_.front();
  if (pending.last < stored_count_) {
    const auto found = blocks_.find(pending.first);
    pending.is_yes = true;
    pending.has_offset = found != blocks_.end() && found->second.first == pending.last;
    if (pending.has_offset) pending.start = found->second.second;
    return;
  }
  pending.code = pending.first == stored_count_ ? Errc::kSealed : Errc::kBadEventNumber;
  if (pending.first != stored_count_ || segment.is_sealed) return;
  pending.is_yes = true;
  pending.has_offset = true;
  pending.start = segment.length;
  blocks_[pending.first] = {pending.last, segment.length};
  stored_count_ = pending.last + 1;
  for (std::uint64_t number = pending.first; number <= pending.last; ++number) {
    decide(appends_[block_uids_[static_cast<std::size_t>(number)]]);
  }
}

// --- Answers ---

void SmallStore::go_on(std::size_t index, std::uint32_t how) {
  if (!pending_[index].has_happened) return happen(pending_[index]);
  const Pending pending = pending_[index];
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
  answer(pending, how);
}

/// What did not happen until now never will, or will when its writer's next event does.
void SmallStore::give_up(std::size_t index, std::uint32_t how) {
  Pending pending = pending_[index];
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
  const bool is_append = pending.kind == Kind::kAppend;
  if (!is_append && !pending.has_happened && how % 2 == 0) happen(pending);
  if (is_append) {
    if (how % 2 == 0) std::erase(lines_[appends_[pending.uid].writer], pending.uid);
    record(AppendUnknown{.uid = pending.uid, .code = std::string(to_text(Errc::kTimeout))});
  }
  if (pending.kind == Kind::kBlock || pending.kind == Kind::kAsk) has_to_ask_ = true;
  end(pending.operation, run::Outcome::kUnknown);
}

void SmallStore::answer(const Pending& pending, std::uint32_t how) {
  const SegmentId& segment = segments_[pending.segment].id;
  switch (pending.kind) {
    case Kind::kAppend:
      return answer_append(pending, how);
    case Kind::kBlock:
      return answer_block(pending, how);
    case Kind::kAsk:
      known_count_ = std::max(known_count_, pending.length);
      has_to_ask_ = false;
      record(WriterAnswered{.operation = pending.operation, .count = pending.length});
      break;
    case Kind::kInfo:
      record(InfoAnswered{.operation = pending.operation,
                          .segment = segment,
                          .start = pending.start,
                          .length = pending.length,
                          .is_sealed = pending.is_yes});
      break;
    case Kind::kRead:
      record(ReadAnswered{.operation = pending.operation,
                          .segment = segment,
                          .offset = pending.offset,
                          .is_truncated = pending.is_yes});
      break;
    case Kind::kTruncate:
      record(TruncateAnswered{
          .operation = pending.operation, .segment = segment, .offset = pending.start});
      break;
    case Kind::kSeal:
      record(SealAnswered{
          .operation = pending.operation, .segment = segment, .length = pending.length});
      break;
  }
  end(pending.operation, run::Outcome::kOk);
}

void SmallStore::ack(const Append& append, bool has_offset) {
  record(AppendAcked{.uid = append.uid,
                     .segment = segments_[append.segment].id,
                     .has_offset = has_offset,
                     .offset = has_offset ? append.offset : 0,
                     .end = has_offset ? append.end : 0});
}

void SmallStore::answer_append(const Pending& pending, std::uint32_t how) {
  const Append& append = appends_[pending.uid];
  const bool is_conflict = append.refusal == Errc::kBadOffset;
  if (append.condition.has_value() && (append.is_stored || is_conflict)) {
    record(ConditionalAnswered{.uid = append.uid,
                               .is_appended = append.is_stored,
                               .length = append.is_stored ? append.end : append.length});
  }
  if (append.is_stored) {
    // Now and then the acknowledgement comes with a later connection's set-up, and tells no place.
    ack(append, how % 8 != 0 || append.condition.has_value());
    return end(pending.operation, run::Outcome::kOk);
  }
  record(AppendFailed{.uid = append.uid, .code = std::string(to_text(append.refusal))});
  end(pending.operation, run::Outcome::kFailed);
}

void SmallStore::answer_block(const Pending& pending, std::uint32_t how) {
  const bool has_offset = pending.has_offset && how % 8 != 0;
  record(BlockAnswered{.operation = pending.operation,
                       .is_acked = pending.is_yes,
                       .has_offset = has_offset,
                       .offset = has_offset ? pending.start : 0,
                       .code = pending.is_yes ? "" : std::string(to_text(pending.code))});
  if (!pending.is_yes) {
    has_to_ask_ = true;
    return end(pending.operation, run::Outcome::kFailed);
  }
  known_count_ = std::max(known_count_, pending.last + 1);
  last_block_ = {pending.first, pending.last};
  for (std::uint64_t number = pending.first; number <= pending.last; ++number) {
    ack(appends_[block_uids_[static_cast<std::size_t>(number)]], has_offset);
  }
  end(pending.operation, run::Outcome::kOk);
}

// --- Readers ---

/// The first reader makes passes to the tail and says so, the second follows the tail.
void SmallStore::follow(const Step& step) {
  const std::size_t reader = step.who % passes_.size();
  std::optional<Pass>& pass = passes_[reader];
  if (!pass.has_value()) {
    const std::size_t index = step.which % segments_.size();
    pass = Pass{.name = fmt::format("reader-{}/pass-{}", reader + 1, ++pass_count_),
                .segment = index,
                .offset = segments_[index].start};
    if (reader == 0) record(PassBegan{.pass = pass->name, .segment = segments_[index].id});
  }
  for (std::uint32_t i = 0; i <= step.how % 4; ++i) {
    if (read_next(*pass)) continue;
    if (reader == 0) end_pass(*pass);
    if (reader == 0 || step.how % 16 == 3) pass.reset();
    return;
  }
}

/// False at the tail.
bool SmallStore::read_next(Pass& pass) {
  const Segment& segment = segments_[pass.segment];
  pass.offset = std::max(pass.offset, segment.start);
  const auto next = std::ranges::find_if(
      segment.log, [&](std::uint64_t uid) { return appends_[uid].offset >= pass.offset; });
  if (next == segment.log.end()) return false;
  const Append& event = appends_[*next];
  record(EventRead{.pass = pass.name,
                   .segment = segment.id,
                   .offset = event.offset,
                   .end = event.end,
                   .uid = event.uid,
                   .writer = event.writer,
                   .key = event.key,
                   .sequence = event.sequence});
  pass.offset = event.end;
  return true;
}

void SmallStore::end_pass(Pass& pass) {
  record(PassEnded{.pass = pass.name,
                   .segment = segments_[pass.segment].id,
                   .end = std::max(pass.offset, segments_[pass.segment].length)});
}

// --- The store of itself ---

void SmallStore::report_something(const Step& step) {
  const Segment& segment = segments_[step.which % segments_.size()];
  const std::uint64_t connections = step.who % 3;
  switch (step.how % 4) {
    case 0:
      return report(ContainerApplied{.container = segment.id.number,
                                     .sequence = segment.changes,
                                     .digest = digest_of(segment)});
    case 1:
      return report(SegmentBounds{
          .segment = segment.id, .start_offset = segment.start, .length = segment.length});
    case 2:
      return report(run::TaskEnded{.role = "segment_store", .task = "connection", .exception = ""});
    default:
      return report(StoreLoad{.connections = connections,
                              .tasks = 3 + boot_ % 2 + connections,
                              .operations_pending = step.which % 3});
  }
}

void SmallStore::restart() {
  ++boot_;
  for (const Segment& segment : segments_) {
    report(ContainerRecovered{.container = segment.id.number,
                              .epoch = boot_,
                              .sequence = segment.changes,
                              .digest = digest_of(segment),
                              .segments = 1,
                              .torn_bytes = 0});
  }
}

void SmallStore::report_holds(std::uint64_t more_bytes) {
  report(StoreLoad{.connections = 0, .tasks = 3 + boot_ % 2, .operations_pending = 0});
  record(run::ProcessHolds{.machine = "store-1",
                           .role = "segment_store",
                           .boot = boot_,
                           .tasks = 4,
                           .sockets = 1,
                           .files = 2,
                           .memory_bytes = 100'000 + more_bytes});
}

// --- The end ---

void SmallStore::scan() {
  record(run::ClientStarted{.client = "scan-1", .workload = "final_scan", .is_fresh = false});
  for (std::size_t index = 0; index < segments_.size(); ++index) {
    look({.which = static_cast<std::uint32_t>(index)});
    go_on(0, 0);
    go_on(0, 0);
    const Segment& segment = segments_[index];
    Pass pass{.name = "scan-1/" + to_text(segment.id), .segment = index, .offset = segment.start};
    while (read_next(pass)) {
    }
    record(SegmentScanned{
        .pass = pass.name, .segment = segment.id, .start = segment.start, .end = segment.length});
  }
  record(run::ClientFinished{.client = "scan-1", .error = ""});
}

Recording SmallStore::finish() {
  record(run::PhaseBegan{.phase = run::Phase::kSettle});
  record(run::ClientStarted{.client = "fresh-1", .workload = "writer", .is_fresh = true});
  clients_.emplace_back("fresh-1");
  write("fresh-1", 0);
  while (!pending_.empty()) go_on(0, 1);
  if (passes_[0].has_value()) {
    while (read_next(*passes_[0])) {
    }
    end_pass(*passes_[0]);
  }
  for (const std::string& client : clients_) {
    record(run::ClientFinished{.client = client, .error = ""});
  }
  report_holds(0);
  scan();
  report_holds(16);
  record(run::RunEnded{.is_settled = true});
  return std::move(out_);
}

void SmallStore::take(const Step& step) {
  const std::size_t index = pending_.empty() ? 0 : step.which % pending_.size();
  switch (step.deed) {
    case Deed::kWrite:
      return write(fmt::format("writer-{}", 1 + step.who % 2), step.which % 4);
    case Deed::kCondition:
      return append_conditionally(step);
    case Deed::kBlock:
      return send_block(step);
    case Deed::kAsk:
      return ask(step);
    case Deed::kLook:
      return look(step);
    case Deed::kRead:
      return read_at(step);
    case Deed::kTruncate:
      return truncate(step);
    case Deed::kSeal:
      return seal(step);
    case Deed::kGoOn:
      if (!pending_.empty()) go_on(index, step.how);
      return;
    case Deed::kGiveUp:
      if (!pending_.empty()) give_up(index, step.how);
      return;
    case Deed::kFollow:
      return follow(step);
    case Deed::kReport:
      return report_something(step);
    case Deed::kRestart:
      return restart();
  }
}

}  // namespace

Recording recording_of(std::span<const Step> steps, std::uint32_t segments) {
  SmallStore store(segments);
  for (const Step& step : steps) store.take(step);
  return store.finish();
}

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << fmt::format("deed {} who {} which {} how {}", static_cast<int>(step.deed), step.who,
                            step.which, step.how);
}

}  // namespace millrace::properties
