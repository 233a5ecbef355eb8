#include "tests/sim/run/toy_world.h"

#include <ctime>
#include <fmt/format.h>
#include <map>
#include <stdexcept>

#include "system/base/codec.h"
#include "system/env/env.h"
#include "system/types/facts.h"

namespace millrace::toy {
namespace {

constexpr std::uint16_t kPort = 9000;

struct StoreConfig {
  Bug bug = Bug::kNone;
  Duration reply_timeout = seconds(1);
  static constexpr auto knobs = millrace::knobs(
      knob("bug", &StoreConfig::bug,
           {.low = Bug::kNone, .high = Bug::kUndefined, .about = "What goes wrong on purpose."}),
      knob("reply_timeout", &StoreConfig::reply_timeout,
           {.low = milliseconds(10),
            .high = seconds(10),
            .drawn_low = milliseconds(100),
            .drawn_high = seconds(2),
            .about = "How long a reply may take to leave."}));
};

struct WriterConfig {
  std::int64_t operations = 20;
  static constexpr auto knobs = millrace::knobs(
      knob("operations", &WriterConfig::operations,
           {.low = 0, .high = 10'000, .about = "How many numbers each client stores."}));
};

struct ReaderConfig {};

int deep(int depth, volatile char* above) {
  volatile char frame[256];
  frame[0] = above == nullptr ? 'a' : above[0];
  return depth == 0 ? frame[0] : deep(depth - 1, frame) + frame[0];
}

// Touches nothing of its frame but the end that lies deepest, so that one page would be jumped
// over.
int deep_in_large_frames(int depth) {
  volatile char frame[5 * 4096];
  frame[0] = 'a';
  return depth == 0 ? frame[0] : deep_in_large_frames(depth - 1) + frame[0];
}

void write_where_nothing_is() {
  // Not null, which a sanitizer would see before the processor does.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  volatile int* volatile nowhere = reinterpret_cast<volatile int*>(std::uintptr_t{16});
  *nowhere = 1;
}

void write_to_what_is_freed() {
  auto* volatile freed = new std::uint64_t(1);
  delete freed;
  *freed = 0;  // NOLINT(clang-analyzer-cplusplus.NewDelete): that is the point.
}

void overflow_an_integer() {
  volatile std::int64_t most = INT64_MAX;
  most = most + 1;
}

void misbehave(Env& env, Bug bug, std::uint64_t number) {
  switch (bug) {
    case Bug::kNone:
    case Bug::kNoSync:
      return;
    case Bug::kCheck:
      CHECK(number % 4 != 0, "numbers are never round");
      return;
    case Bug::kThrow:
      throw std::runtime_error("no more");
    case Bug::kSpin:
      for (volatile std::uint64_t i = 0; i < UINT64_MAX;) i = i;
      return;
    case Bug::kCrash:
      write_where_nothing_is();
      return;
    case Bug::kUseAfterFree:
      write_to_what_is_freed();
      return;
    case Bug::kUndefined:
      overflow_an_integer();
      return;
    case Bug::kEatMemory:
      for (std::uint64_t i = 0; i < (1U << 20); ++i) {
        volatile char* const block = new char[1 << 16];
        block[0] = 'a';
      }
      return;
    case Bug::kSpawn:
      for (std::uint64_t i = 0; i < (1U << 20); ++i) {
        env.tasks.spawn("idle", [&env] { env.tasks.park(Instant::max()); });
      }
      return;
    case Bug::kOverflow:
      deep(1 << 30, nullptr);
      return;
    case Bug::kSlow:
      // By the CPU's clock, which is what a hang is judged by.
      for (const std::clock_t begun = std::clock();
           number == 1 && std::clock() - begun < CLOCKS_PER_SEC / 10 * 6;) {
      }
      return;
    case Bug::kLeak: {
      static std::uint64_t numbers_ever = 0;
      CHECK(++numbers_ever < 100, "no run stores that many");
      return;
    }
    case Bug::kLargeFrames:
      deep_in_large_frames(1 << 30);
      return;
    case Bug::kUnexpected:
      env.journal.fact(Unexpected{.where = "toy.store", .why = "a number"});
      return;
    case Bug::kAddressOrder: {
      // What is sent, or when, depends on where two objects lie: here by a wait of two lengths.
      const auto first = std::make_unique<std::uint64_t>(number);
      const auto second = std::make_unique<std::uint64_t>(number);
      const bool ascends = std::less<>{}(first.get(), second.get());
      env.tasks.park(env.clock.now() + (ascends ? microseconds(10) : microseconds(20)));
      return;
    }
  }
}

struct File {
  std::unique_ptr<millrace::File> file;
  std::uint64_t size = 0;
};

Result<void> store_number(Env& env, File& log, const StoreConfig& config, std::uint64_t number) {
  Bytes bytes;
  Writer(bytes).u64(number);
  const std::uint64_t at = log.size;
  log.size += bytes.size();
  TRY(log.file->write(at, bytes));
  const bool is_synced = config.bug != Bug::kNoSync && config.bug != Bug::kUnexpected;
  if (is_synced) TRY(log.file->sync());
  misbehave(env, config.bug, number);
  return {};
}

Result<Bytes> serve_one(Env& env, File& log, const StoreConfig& config, const Bytes& request) {
  Reader in(request);
  const std::uint64_t number = in.u64();
  if (number != 0) {
    TRY(store_number(env, log, config, number));
    env.journal.mark("store.put");
    return request;
  }
  env.journal.mark("store.listed");
  return log.file->read(0, static_cast<std::size_t>(log.size));
}

Result<void> serve(Env& env, File& log, const StoreConfig& config, Connection& connection) {
  while (true) {
    const Bytes request = TRY(connection.receive(env.clock.now() + seconds(20)));
    const Bytes reply = TRY(serve_one(env, log, config, request));
    TRY(connection.send(reply, env.clock.now() + config.reply_timeout));
  }
}

Result<void> format_store(Env& env, const StoreConfig& /*config*/) {
  // An earlier attempt may have been cut off.
  const auto file = TRY(env.disk.open("log", OpenMode::kEither));
  TRY(file->sync());
  return env.disk.sync_directory("");
}

Result<void> store_main(Env& env, const StoreConfig& config) {
  File log;
  log.file = TRY(env.disk.open("log", OpenMode::kExisting));
  const std::uint64_t size = TRY(log.file->size());
  log.size = size / 8 * 8;
  // A number that was cut off is none.
  if (size > log.size) TRY(log.file->truncate(log.size));
  TRY(log.file->sync());
  env.journal.mark("store.recovered");
  const auto listener = TRY(env.network.listen(kPort));
  while (true) {
    Result<std::unique_ptr<Connection>> accepted =
        listener->accept(env.clock.now() + seconds(1000));
    if (failed_with(accepted, Errc::kTimeout)) continue;
    std::shared_ptr<Connection> connection = TRY(std::move(accepted));
    env.tasks.spawn("connection", [&env, &log, &config, connection] {
      ignore(serve(env, log, config, *connection), "the client connects again");
    });
  }
}

/// Sends a request until it is answered.
Bytes ask(Env& env, const Address& store, const Bytes& request) {
  while (true) {
    const Instant deadline = env.clock.now() + milliseconds(500);
    auto connected = env.network.connect(store, deadline);
    if (connected.has_value() && (*connected)->send(request, deadline).has_value()) {
      Result<Bytes> reply = (*connected)->receive(deadline);
      if (reply.has_value()) return *std::move(reply);
    }
    env.tasks.park(env.clock.now() + milliseconds(50));
  }
}

/// Asks the first store for all that it has, beside whatever else goes on.
void look_around(Env& env, const Client& client) {
  const std::string& store = client.directory().machines("store").front();
  env.tasks.spawn("look", [&env, store] {
    Bytes request;
    Writer(request).u64(0);
    ask(env, {.machine = store, .port = kPort}, request);
  });
}

/// Writes numbers; after an edit of its code it looks at what is there first, now and then.
template <bool kIsEdited>
void writer_main(Env& env, const WriterConfig& /*config*/, Client& client) {
  while (const std::optional<Operation> operation = client.next_operation()) {
    if (kIsEdited && operation->id % 5 == 2) look_around(env, client);
    const auto stores = client.directory().machines("store");
    const std::string& store = stores[operation->id % stores.size()];
    Bytes request;
    Writer(request).u64(operation->id);
    ask(env, {.machine = store, .port = kPort}, request);
    client.history().record(Stored{.number = operation->id});
    client.finish(*operation, Outcome::kOk);
  }
}

void final_reader_main(Env& env, const ReaderConfig& /*config*/, Client& client) {
  Bytes request;
  Writer(request).u64(0);
  for (const std::string& store : client.directory().machines("store")) {
    const Bytes all = ask(env, {.machine = store, .port = kPort}, request);
    Reader in(all);
    while (in.remaining() > 0) client.history().record(Found{.number = in.u64()});
  }
}

class StoredIsFound {
 public:
  static constexpr Claim claim{"TOY-1", "stored_is_found", "Every stored number is found."};
  static constexpr std::array<std::string_view, 1> classes{"lost"};
  using Sees = Records<Stored, Found, run::RunEnded>;
  void on(const Stored& stored, At at, Judge& /*judge*/) { open_.emplace(stored.number, at); }
  void on(const Found& found, At /*at*/, Judge& judge) {
    judge.compared();
    open_.erase(found.number);
  }
  void on(const run::RunEnded& ended, At /*at*/, Judge& /*judge*/) { looked_ = ended.is_settled; }
  void at_end(Judge& judge) {
    if (!looked_) return;
    for (const auto& [number, at] : open_) {
      judge.violated({.seen = fmt::format("{} is not there", number),
                      .expected = fmt::format("{} among what is stored", number),
                      .evidence = {at}});
    }
  }

 private:
  std::map<std::uint64_t, At> open_;
  bool looked_ = false;
};

}  // namespace

std::string_view to_text(Bug bug) {
  constexpr std::array<std::string_view, 16> kNames{
      "none",         "no_sync",    "check",          "throw",         "spin", "crash",
      "eat",          "spawn",      "overflow",       "address_order", "slow", "leak",
      "large_frames", "unexpected", "use_after_free", "undefined"};
  return kNames[static_cast<std::size_t>(bug)];
}

namespace {

/// Sees what TOY-1 sees and says nothing.
class Blind {
 public:
  static constexpr Claim claim{"TOY-2", "blind", "Nothing at all."};
  using Sees = Records<Stored, Found>;
  void on(const Stored& /*stored*/, At /*at*/) {}
  void on(const Found& /*found*/, At /*at*/) {}
};

template <bool kIsEdited = false>
void register_programs(Registry& registry) {
  registry.role("store", store_main, format_store,
                {.recovered_mark = "store.recovered", .about = "Stores numbers."});
  registry.workload("writer", writer_main<kIsEdited>,
                    {.fresh_clients = 1, .about = "Stores numbers."});
  registry.workload("final_reader", final_reader_main,
                    {.start = run::ClientStart::kLast,
                     .is_in_every_scenario = true,
                     .about = "Looks for all numbers."});
  registry.marks(std::vector<std::string>{"store.put", "store.listed", "store.never"});
}

}  // namespace

void register_toy(Registry& registry) {
  register_programs(registry);
  registry.property<StoredIsFound>();
}

void register_edited_toy(Registry& registry) {
  register_programs<true>(registry);
  registry.property<StoredIsFound>();
}

void register_blind_toy(Registry& registry) {
  register_programs(registry);
  registry.property<Blind>();
}

run::Scenario quiet_scenario() {
  run::Scenario scenario;
  scenario.name = "quiet";
  scenario.story = "Two stores, two writers, no faults.";
  scenario.run_for = seconds(5);
  scenario.settle_for = seconds(5);
  scenario.cluster["store"] = run::Range::fixed(2);
  scenario.workloads.push_back(
      {.name = "writer", .kind = "writer", .clients = run::Range::fixed(2)});
  return scenario;
}

run::Plan with_power_losses(run::Plan plan) {
  std::uint64_t id = 1;
  for (const run::PlanMachine& machine : plan.machines) {
    sim::FaultAction action;
    action.id = id++;
    action.kind = sim::FaultKind::kMachinePowerLoss;
    action.anchor = sim::Anchor{.kind = sim::AnchorKind::kMark,
                                .machine = machine.name,
                                .peer = {},
                                .name = "store.put",
                                .fields = {},
                                .nth = 5};
    action.duration = milliseconds(300);
    plan.faults.actions.push_back(action);
  }
  return plan;
}

}  // namespace millrace::toy
