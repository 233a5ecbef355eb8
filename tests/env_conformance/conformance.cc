#include "tests/env_conformance/conformance.h"

namespace millrace::conformance {

std::vector<const EnvFactory*> env_factories(bool Traits::* ability) {
  std::vector<const EnvFactory*> able;
  for (const EnvFactory* const factory : sim_env_factories()) {
    if (ability == nullptr || factory->traits().*ability) able.push_back(factory);
  }
  return able;
}

void Conformance::in_each_world(const std::function<void(ConformanceWorld&)>& test) const {
  for (std::uint64_t seed = 1; seed <= traits().seed_count && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::unique_ptr<ConformanceWorld> world = GetParam()->make(seed);
    test(*world);
  }
}

void Conformance::run_alone(const Body& body) const { run_together({{"host-1", body}}); }

void Conformance::run_together(const Programs& programs) const {
  in_each_world([&](ConformanceWorld& world) {
    start_all(world, programs);
    expect_good_end(world);
  });
}

void Conformance::run_into_check(const Body& body, std::string_view message) const {
  const std::unique_ptr<ConformanceWorld> world = GetParam()->make(1);
  world->start("host-1", body);
  ASSERT_EQ(world->run({}), Stop::kCheckFailed);
  EXPECT_TRUE(world->check_failure().contains(message)) << world->check_failure();
}

void Conformance::expect_each_may(std::size_t met, std::size_t at_least) const {
  if (!traits().shows_each_may) return;
  EXPECT_GE(met, at_least) << "outcomes of " << traits().seed_count << " seeds";
}

void Conformance::start_all(ConformanceWorld& world, const Programs& programs) {
  for (const auto& [machine, body] : programs) world.start(machine, body);
}

void Conformance::expect_good_end(ConformanceWorld& world) {
  EXPECT_EQ(world.run({}), Stop::kAllEnded) << world.check_failure();
  for (const Line& line : world.lines()) {
    EXPECT_FALSE(line.text.starts_with("broken: ")) << line.machine << ' ' << line.text;
  }
}

void Conformance::expect_said(ConformanceWorld& world, std::string_view line) {
  ASSERT_EQ(world.run(line), Stop::kSaid) << world.check_failure();
}

std::string Conformance::said(const ConformanceWorld& world, std::string_view machine,
                              std::string_view prefix) {
  std::string found = "nothing";
  for (const Line& line : world.lines()) {
    if (line.machine == machine && line.text.starts_with(prefix)) {
      found = line.text.substr(prefix.size());
    }
  }
  return found;
}

}  // namespace millrace::conformance
