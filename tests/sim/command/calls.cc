#include "tests/sim/command/calls.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/command/command.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
#include "sim/run/repro_token.h"

namespace millrace::command {
namespace {

namespace fs = std::filesystem;

std::string text_of(int file) {
  std::string text;
  std::array<char, 4096> block{};
  lseek(file, 0, SEEK_SET);
  for (ssize_t got = 0; (got = ::read(file, block.data(), block.size())) > 0;) {
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  close(file);
  return text;
}

Call call_world(void (*world)(run::Registry&), const std::vector<std::string>& arguments) {
  const int out = memfd_create("out", MFD_CLOEXEC);
  const int err = memfd_create("err", MFD_CLOEXEC);
  Call call;
  {
    Console console(out, err);
    call.status = run_command("millrace", arguments, world, console);
  }
  call.out = text_of(out);
  call.err = text_of(err);
  return call;
}

}  // namespace

CommandTest::CommandTest() : before_(fs::current_path()) {
  std::string pattern = fs::temp_directory_path() / "millrace-command-XXXXXX";
  folder_ = mkdtemp(pattern.data());
  fs::current_path(folder_);
  for (const char* const name : {"MILLRACE_OUT", "MILLRACE_JOBS", "MILLRACE_PROFILE"}) {
    unsetenv(name);
  }
}

Call CommandTest::call_with_input(const std::string& input,
                                  std::vector<std::string> arguments) const {
  std::FILE* const file = std::tmpfile();
  std::fputs(input.c_str(), file);
  std::rewind(file);
  const int before = dup(STDIN_FILENO);
  dup2(fileno(file), STDIN_FILENO);
  Call seen = call(std::move(arguments));
  dup2(before, STDIN_FILENO);
  close(before);
  std::fclose(file);
  return seen;
}

CommandTest::~CommandTest() {
  fs::current_path(before_);
  fs::remove_all(folder_);
}

Call CommandTest::call(std::vector<std::string> arguments) const {
  return call_world(toy_registry, arguments);
}

Call CommandTest::call_edited(std::vector<std::string> arguments) const {
  return call_world(edited_toy_registry, arguments);
}

void CommandTest::write(const std::string& path, std::string_view text) {
  if (path.find('/') != std::string::npos) fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string CommandTest::read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool CommandTest::exists(const std::string& path) { return fs::exists(path); }

std::vector<std::string> CommandTest::files() {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(".")) {
    if (entry.is_regular_file()) found.push_back(entry.path().string().substr(2));
  }
  std::ranges::sort(found);
  return found;
}

std::uint64_t failing_seed() {
  run::Registry registry;
  toy_registry(registry);
  const auto scenario = read_scenario("lossy", {}, registry);
  EXPECT_TRUE(scenario.has_value());
  const run::RunSource source{.registry = &registry, .scenarios = {*scenario}};
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto record = run_once(source, {.scenario = 0, .seed = seed});
    if (record.has_value() && record->verdict == run::Verdict::kFail) return seed;
  }
  ADD_FAILURE() << "no seed of 100 loses what was acknowledged before its sync";
  return 1;
}

std::string token_of(const std::string& repro) {
  run::Registry registry;
  toy_registry(registry);
  return run::repro_to_token(run::repro_from_json(repro, registry).value(), SIZE_MAX).value();
}

}  // namespace millrace::command
