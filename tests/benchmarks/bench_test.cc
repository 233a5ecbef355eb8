// The form of what `./dev bench` prints. Its figures are never asserted: they are the machine's.

#include <array>
#include <cmath>
#include <cstdio>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

namespace millrace {
namespace {

using nlohmann::json;

/// What the program prints to stdout. It has to end with status 0.
std::string run_bench(const std::string& arguments) {
  const std::string command = MILLRACE_BENCH " " + arguments + " 2>/dev/null";
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string text;
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    text.append(buffer.data(), got);
  }
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

TEST(Bench, json_holds_every_row_in_its_form) {
  // Name and peer; where SimGrid is not installed, its row says so and has no figure of it.
  const std::map<std::string, std::string> peers = {{"messages", "SimGrid"},
                                                    {"timers_spread", "SimGrid"},
                                                    {"switch_random_100", "Boost.Context"},
                                                    {"switch_pct_100", "Boost.Context"}};
  const std::set<std::string> expected = {
      "messages",         "timers_spread",  "switch_random_100", "switch_pct_100",
      "idle_1000",        "start",          "memory_idle_task",  "everything",
      "properties_share", "memory_default", "growth_machines",   "growth_virtual_time"};
  const std::set<std::string> keys = {"name", "value", "unit", "peer", "peer_value", "ratio"};

  const json bench = json::parse(run_bench("--json --quick"), nullptr, false);

  ASSERT_TRUE(bench.is_object()) << "stdout holds the object and nothing else";
  std::set<std::string> names;
  for (const json& row : bench.at("rows")) {
    const auto name = row.at("name").get<std::string>();
    EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
    EXPECT_TRUE(row.at("value").is_number()) << name;
    EXPECT_TRUE(std::isfinite(row.at("value").get<double>())) << name;
    EXPECT_FALSE(row.at("unit").get<std::string>().empty()) << name;
    std::set<std::string> row_keys;
    for (const auto& [key, value] : row.items()) row_keys.insert(key);
    if (name == "everything") {
      EXPECT_GT(row.at("events_per_second").get<double>(), 0);
      EXPECT_GT(row.at("virtual_seconds_per_second").get<double>(), 0);
    } else {
      EXPECT_EQ(row_keys, keys) << name;
    }
    const auto peer = peers.find(name);
    if (peer == peers.end()) {
      EXPECT_TRUE(row.at("peer").is_null()) << name;
      EXPECT_TRUE(row.at("peer_value").is_null()) << name;
      EXPECT_TRUE(row.at("ratio").is_null()) << name;
      continue;
    }
    EXPECT_TRUE(row.at("peer").get<std::string>().starts_with(peer->second)) << name;
    if (row.at("peer") != peer->second) continue;
    EXPECT_NEAR(row.at("ratio").get<double>(),
                row.at("value").get<double>() / row.at("peer_value").get<double>(), 1e-9)
        << name;
  }
  EXPECT_EQ(names, expected);
}

TEST(Bench, table_fits_80_columns_and_ends_with_what_falls_short) {
  std::istringstream lines(run_bench("--quick --row switch_pct_100 --row idle_1000"));

  int rows = 0;
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80U) << line;
    if (line.starts_with("switch_pct_100 ") || line.starts_with("idle_1000 ")) ++rows;
    last = line;
  }

  EXPECT_EQ(rows, 2);
  EXPECT_TRUE(last.starts_with("SHORT  ") || last.starts_with("every row")) << last;
}

}  // namespace
}  // namespace millrace
