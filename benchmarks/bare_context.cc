// The floor under the switch rows: what Boost.Context alone takes for a round trip into a fiber and
// back, over as many fibers as there are tasks.

#include <boost/context/fiber.hpp>
#include <utility>
#include <vector>

#include "benchmarks/world_probes.h"

namespace millrace::benchmarks {

Values probe_bare_switch(std::int64_t scale) {
  constexpr std::size_t kFibers = 100;
  const std::int64_t rounds = 100'000 / scale;
  std::vector<boost::context::fiber> fibers;
  for (std::size_t i = 0; i < kFibers; ++i) {
    fibers.emplace_back([](boost::context::fiber&& home) {
      while (true) home = std::move(home).resume();
      return std::move(home);
    });
  }
  const auto visit_all = [&fibers] {
    for (boost::context::fiber& fiber : fibers) fiber = std::move(fiber).resume();
  };
  for (std::int64_t i = 0; i < rounds / 4; ++i) visit_all();
  const double before = cpu_seconds();
  for (std::int64_t i = 0; i < rounds; ++i) visit_all();
  const double cpu = cpu_seconds() - before;
  return {{"ns", cpu * 1e9 / static_cast<double>(rounds) / kFibers}};
}

}  // namespace millrace::benchmarks
