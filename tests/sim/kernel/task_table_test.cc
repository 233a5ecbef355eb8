#include "sim/kernel/task_table.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <vector>

#include "sim/kernel/identity.h"

namespace millrace::sim {
namespace {

struct Row {
  std::uint64_t id = 0;
};

// Tasks come and go at random: the table finds and lists what a map would.
TEST(TaskTable, agrees_with_a_map) {
  TaskTable<Row> table;
  std::map<std::uint64_t, Row*> model;
  std::uint64_t next_id = 1;
  for (std::uint64_t step = 0; step < 20'000; ++step) {
    const std::uint64_t draw = mix(step, 7);
    // Grows in the first half, shrinks in the second.
    const bool adds = draw % 16 < (step < 10'000 ? 9 : 7);
    if (adds || model.empty()) {
      auto row = std::make_unique<Row>(Row{.id = next_id});
      model.emplace(next_id, row.get());
      table.add(next_id++, std::move(row));
    } else {
      const auto gone = std::next(model.begin(), static_cast<int>((draw >> 8) % model.size()));
      table.remove(gone->first);
      model.erase(gone);
    }
    const std::uint64_t asked = 1 + (draw >> 32) % next_id;
    const auto expected = model.find(asked);
    ASSERT_EQ(table.find(asked), expected == model.end() ? nullptr : expected->second);
  }

  std::vector<std::uint64_t> listed;
  table.for_each([&listed](const Row& row) { listed.push_back(row.id); });
  std::vector<std::uint64_t> expected;
  for (const auto& [id, row] : model) expected.push_back(id);
  EXPECT_EQ(listed, expected);
}

}  // namespace
}  // namespace millrace::sim
