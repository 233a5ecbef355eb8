#include "tests/repo/layering.h"

#include <gtest/gtest.h>

namespace millrace::repo {
namespace {

std::string found_in(const std::string& path, const std::string& text) {
  return describe(check_layering({.path = path, .text = text}));
}

TEST(Layering, holds_in_every_source) {
  const std::vector<RepositoryFile> files =
      read_files({"system", "sim", "reports", "properties", "scenarios"}, {".h", ".cc"});

  std::vector<Violation> violations;
  for (const RepositoryFile& file : files) {
    const std::vector<Violation> found = check_layering(file);
    violations.insert(violations.end(), found.begin(), found.end());
  }

  EXPECT_GT(files.size(), 10U) << "the walk found no sources to check";
  EXPECT_EQ(describe(violations), "");
}

TEST(Layering, refuses_a_system_that_sees_the_simulator) {
  EXPECT_EQ(found_in("system/wal/log.cc", "\n#include \"sim/kernel/world.h\"\n"),
            "system/wal/log.cc:2: system/wal may not include sim/kernel (docs/architecture.md)\n");
}

TEST(Layering, refuses_a_simulator_that_sees_the_store) {
  EXPECT_NE(found_in("sim/run/runner.cc", "#include \"system/segment_store/server.h\"\n"), "");
  EXPECT_NE(found_in("sim/run/runner.cc", "#include \"system/types/facts.h\"\n"), "");
  EXPECT_NE(found_in("reports/text.cc", "#include \"system/wire/frame.h\"\n"), "");
}

TEST(Layering, refuses_a_property_that_shares_code_with_what_it_judges) {
  EXPECT_NE(found_in("properties/order.cc", "#include \"system/segment_store/container.h\"\n"), "");
  EXPECT_EQ(found_in("properties/order.cc", "#include \"system/types/event.h\"\n"), "");
}

TEST(Layering, refuses_an_upward_edge_within_the_system) {
  EXPECT_NE(found_in("system/wire/frame.h", "#include \"system/client/writer.h\"\n"), "");
  EXPECT_NE(found_in("system/controller/a.h", "#include \"system/segment_store/b.h\"\n"), "");
  EXPECT_EQ(found_in("system/client/writer.h", "#include \"system/wire/frame.h\"\n"), "");
}

TEST(Layering, refuses_reports_within_the_world_but_not_in_the_command) {
  EXPECT_NE(found_in("sim/run/campaign.cc", "#include \"reports/text.h\"\n"), "");
  EXPECT_EQ(found_in("sim/command/main.cc", "#include \"reports/text.h\"\n"), "");
}

TEST(Layering, refuses_a_path_that_does_not_start_at_the_root) {
  EXPECT_EQ(found_in("system/wal/log.cc", "#include \"log.h\"\n"),
            "system/wal/log.cc:1: \"log.h\" is not a path from the repository root\n");
}

TEST(Layering, refuses_a_folder_without_a_floor) {
  EXPECT_EQ(
      found_in("system/misc/a.h", ""),
      "system/misc/a.h:1: the folder system/misc has no floor: give it a row in layering.cc\n");
}

TEST(Layering, refuses_heavy_packages_in_headers_only) {
  EXPECT_NE(found_in("sim/run/record.h", "#include <nlohmann/json.hpp>\n"), "");
  EXPECT_EQ(found_in("sim/run/record.cc", "#include <nlohmann/json.hpp>\n"), "");
  EXPECT_EQ(found_in("sim/run/record.h", "#include <nlohmann/json_fwd.hpp>\n"), "");
}

TEST(Layering, does_not_read_includes_in_comments) {
  EXPECT_EQ(found_in("system/wal/log.cc", "// #include \"sim/kernel/world.h\"\n"), "");
}

}  // namespace
}  // namespace millrace::repo
