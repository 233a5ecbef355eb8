// The example of the guide for a system of one's own, word for word: it must go on compiling.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <string>

#include "sim/run/property_set.h"
#include "sim/run/registry.h"

using millrace::Env;
using millrace::Result;

using Uid = std::uint64_t;
using Key = std::string;

struct StoreConfig {};
struct WriterConfig {};
static Result<void> store_main(Env& /*env*/, const StoreConfig& /*config*/) { return {}; }
static void writer_main(Env& /*env*/, const WriterConfig& /*config*/,
                        millrace::Client& /*client*/) {}

namespace {

// clang-format off
struct Acked { Uid uid; Key key; static constexpr auto fields = millrace::fields("uid", &Acked::uid, "key", &Acked::key); };
struct Read  { Uid uid; Key key; static constexpr auto fields = millrace::fields("uid", &Read::uid, "key", &Read::key); };
/// Every acknowledged write is read by the end. Cost: O(log n) a record.
class AckedIsRead {
 public:
  static constexpr millrace::Claim claim{"MINE-1", "acked_is_read", "Every acknowledged write is read by the end."};
  using Sees = millrace::Records<Acked, Read>;
  void on(const Acked& e, millrace::At at) { open_.emplace(e.uid, at); }
  void on(const Read& e, millrace::At) { open_.erase(e.uid); }
  void at_end(millrace::Judge& judge) {
    for (const auto& [uid, at] : open_)
      judge.violated({.seen = fmt::format("{} never read", uid), .expected = "one read", .evidence = {at}});
  }
 private:
  std::map<Uid, millrace::At> open_;
};
void my_world(millrace::Registry& r) {
  r.role("store", store_main);           // Result<void> store_main(Env&, const StoreConfig&)
  r.workload("writer", writer_main);     // records Acked and Read with history.record(...)
  r.property<AckedIsRead>();
  r.scenarios("scenarios/");
}
// clang-format on

TEST(StrangerExample, registers_and_judges) {
  millrace::Registry registry;
  my_world(registry);
  const millrace::run::Scenario scenario;
  const std::string name = "machine-1";
  millrace::run::PropertySet properties(
      registry, scenario, [](const auto&) { return std::nullopt; },
      [&](std::uint32_t) -> const std::string& { return name; });
  const Acked acked{.uid = 7, .key = "k"};
  const Acked lost{.uid = 8, .key = "k"};
  const Read read{.uid = 7, .key = "k"};

  properties.take(millrace::run::kRecordType<Acked>.key, &acked, {.ordinal = 1, .record = 1});
  properties.take(millrace::run::kRecordType<Acked>.key, &lost, {.ordinal = 2, .record = 2});
  properties.take(millrace::run::kRecordType<Read>.key, &read, {.ordinal = 3, .record = 3});
  properties.at_end({.ordinal = 4, .record = 4});

  ASSERT_EQ(properties.objections().size(), 1U);
  EXPECT_EQ(properties.objections()[0].signature, "MINE-1/violated");
  EXPECT_EQ(properties.objections()[0].seen, "8 never read");
  EXPECT_EQ(properties.objections()[0].evidence[0].record, 2U);
  // It counts no comparisons itself, so each of the three records is one.
  for (const auto& result : properties.results(true)) {
    EXPECT_TRUE(result.id != "MINE-1" || result.evaluated == 3U);
  }
}

}  // namespace
