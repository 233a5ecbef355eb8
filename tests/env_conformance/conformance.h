#pragma once

// What the conformance tests share: each runs in every world of every backend.

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "tests/env_conformance/env_factory.h"

namespace millrace::conformance {

using namespace literals;

inline constexpr Instant kNever = Instant::max();

/// The backends of this build that have the ability.
std::vector<const EnvFactory*> env_factories(bool Traits::* ability);

class Conformance : public testing::TestWithParam<const EnvFactory*> {
 protected:
  using Programs = std::vector<std::pair<std::string, Body>>;

  const Traits& traits() const { return GetParam()->traits(); }

  /// Calls `test` with a new world for each seed.
  void in_each_world(const std::function<void(ConformanceWorld&)>& test) const;
  /// Runs one process in each world; its claims hold, and it comes to its end.
  void run_alone(const Body& body) const;
  /// Runs several processes in each world.
  void run_together(const Programs& programs) const;
  /// Runs a process that fails a CHECK which says `message`.
  void run_into_check(const Body& body, std::string_view message) const;

  /// Where the backend shows all that a contract leaves open, its seeds met this many outcomes.
  void expect_each_may(std::size_t met, std::size_t at_least) const;

  static void start_all(ConformanceWorld& world, const Programs& programs);
  /// Runs the world until nothing is left. No claim may have been broken.
  static void expect_good_end(ConformanceWorld& world);
  static void expect_said(ConformanceWorld& world, std::string_view line);
  /// What `machine` said in a line that begins with `prefix`, without it; the last such line.
  static std::string said(const ConformanceWorld& world, std::string_view machine,
                          std::string_view prefix);
};

}  // namespace millrace::conformance

/// A test fixture, instantiated for every backend that has the ability: a bool member of Traits, or
/// null where a contract needs none.
#define CONFORMANCE_SUITE(SUITE, ABILITY)                                                 \
  class SUITE : public Conformance {};                                                    \
  INSTANTIATE_TEST_SUITE_P(Backends, SUITE, testing::ValuesIn(env_factories(ABILITY)),    \
                           [](const testing::TestParamInfo<const EnvFactory*>& backend) { \
                             return backend.param->traits().name;                         \
                           })
