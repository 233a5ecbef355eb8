#pragma once

// A scenario as an assertion of a test:
//
//   void millrace::world_of_tests(millrace::Registry& registry) { my_world(registry); }
//
//   TEST(MyStore, survives_crashes) {
//     EXPECT_TRUE(millrace::holds("crash_storm", {.seeds = {1, 20}}));
//   }
//
// True where every seed passes. A failure prints the failure screen with the command that runs the
// seed again; an inconclusive run fails, too, and is never "skipped". Seeds run one by one in
// processes of their own, so that a crash fails the test and not the program.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/run/registry.h"

namespace millrace {

/// Registers the world of a test program. The program defines it; nothing else calls it.
[[gnu::weak]] void world_of_tests(Registry& registry);

/// Both ends are included.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 20;
};

struct HoldsOptions {
  SeedRange seeds = {};
  /// Overrides, as --set has them: "store.lease=2s".
  std::vector<std::string> sets = {};
  /// Registers the world instead of world_of_tests().
  void (*world)(Registry& registry) = nullptr;
  /// The program that the printed commands call.
  std::string_view program = "millrace";
};

/// Whether it holds, and what to print where not.
class Holds {
 public:
  Holds(bool is_true, std::string message) : is_true_(is_true), message_(std::move(message)) {}

  explicit operator bool() const { return is_true_; }
  const std::string& message() const { return message_; }

  /// Becomes GoogleTest's AssertionResult, without a look at its header.
  template <typename Assertion>
    requires requires(const Assertion& assertion) { assertion.failure_message(); }
  operator Assertion() const {  // NOLINT(google-explicit-constructor)
    return Assertion(is_true_) << message_;
  }

 private:
  bool is_true_;
  std::string message_;
};

/// Runs the seeds of a scenario, by name or path, until the first that does not pass. Blocks: for
/// as long as they take.
Holds holds(std::string_view scenario, const HoldsOptions& options);

}  // namespace millrace
