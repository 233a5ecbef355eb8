#pragma once

// Calls of the command in this process, over the toy world, in a folder of their own.

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "sim/run/registry.h"
#include "tests/sim/command/toy_scenarios.h"

namespace millrace::command {

/// What a call left.
struct Call {
  int status = -1;
  std::string out;
  std::string err;
};

/// Runs each test in a new, empty folder, which is removed with what is in it.
class CommandTest : public testing::Test {
 public:
  ~CommandTest() override;

 protected:
  CommandTest();

  /// Calls `millrace ARGUMENTS...`.
  Call call(std::vector<std::string> arguments) const;
  /// The same of the program after an edit of its code that has nothing to do with its bugs.
  Call call_edited(std::vector<std::string> arguments) const;

  /// The same with `input` on the standard input.
  Call call_with_input(const std::string& input, std::vector<std::string> arguments) const;

  /// Writes a file below the test's folder.
  static void write(const std::string& path, std::string_view text);
  /// Reads one; a test without it fails.
  static std::string read(const std::string& path);
  static bool exists(const std::string& path);
  /// Paths below the folder, sorted, directories left out.
  static std::vector<std::string> files();

 private:
  std::string before_;
  std::string folder_;
};

/// A repro's text as a token, however long.
std::string token_of(const std::string& repro);

/// A seed of the scenario `lossy` that fails, found by trying.
std::uint64_t failing_seed();

}  // namespace millrace::command
