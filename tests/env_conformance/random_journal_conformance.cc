// The sentences of system/env/random.h and journal.h.

#include <array>
#include <set>

#include "tests/env_conformance/conformance.h"

namespace millrace::conformance {
namespace {

CONFORMANCE_SUITE(RandomConformance, nullptr);
CONFORMANCE_SUITE(JournalConformance, nullptr);

TEST_P(RandomConformance, gives_64_uniform_bits) {
  run_alone([](Process& p) {
    constexpr int kDraws = 4000;
    std::set<std::uint64_t> seen;
    std::array<int, 64> ones{};
    {
      const NoBlock alone(p.tasks);
      for (int i = 0; i < kDraws; ++i) {
        const std::uint64_t draw = p.random.next();
        seen.insert(draw);
        for (std::size_t bit = 0; bit < ones.size(); ++bit) ones[bit] += draw >> bit & 1 ? 1 : 0;
      }
    }
    p.claim(seen.size() == kDraws, "64 bits do not repeat");
    for (const int count : ones) {
      // Six standard deviations of a fair coin are 190 of 4,000.
      p.claim(count > kDraws / 2 - 190, "no bit is mostly 0");
      p.claim(count < kDraws / 2 + 190, "no bit is mostly 1");
    }
  });
}

TEST_P(RandomConformance, gives_each_process_and_each_life_its_own_stream) {
  in_each_world([](ConformanceWorld& world) {
    const Body body = [](Process& p) { p.say(std::to_string(p.random.next())); };
    start_all(world, {{"host-1", body}, {"host-2", body}});
    expect_good_end(world);
    world.start("host-1", body);
    expect_good_end(world);

    std::set<std::string> seen;
    for (const Line& line : world.lines()) seen.insert(line.text);
    EXPECT_EQ(seen.size(), 3u);
  });
}

struct Stored {
  std::uint64_t offset = 0;
  std::string name;
  bool is_sealed = false;

  static constexpr std::string_view fact_name = "Stored";
  static constexpr auto fields = millrace::fields("offset", &Stored::offset, "name", &Stored::name,
                                                  "is_sealed", &Stored::is_sealed);
};

TEST_P(JournalConformance, tells_marks_and_facts_in_order_and_never_gives_way) {
  in_each_world([](ConformanceWorld& world) {
    world.start("host-1", [](Process& p) {
      bool has_run = false;
      TaskGroup group(p.tasks);
      group.spawn("other", [&] { has_run = true; });
      {
        const NoBlock alone(p.tasks);
        p.journal.mark("conformance.first");
        p.journal.fact(Stored{.offset = 7, .name = "log", .is_sealed = true});
        p.journal.mark("conformance.second");
      }
      p.claim(!has_run, "no call lets another task of the process run");
      must(group.join(kNever));
    });
    expect_good_end(world);

    std::vector<std::string> journal;
    for (const Line& line : world.journal()) journal.push_back(line.machine + ' ' + line.text);
    EXPECT_EQ(journal,
              (std::vector<std::string>{"host-1 mark conformance.first",
                                        "host-1 fact Stored offset=7 name=log is_sealed=true",
                                        "host-1 mark conformance.second"}));
  });
}

}  // namespace
}  // namespace millrace::conformance
