#include "sim/faults/anchors.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "sim/kernel/identity.h"
#include "system/base/bytes.h"
#include "system/base/fields.h"

namespace millrace::sim {
namespace {

struct Recovered {
  std::uint64_t container = 0;
  std::uint64_t epoch = 0;
  static constexpr std::string_view fact_name = "Recovered";
  static constexpr auto fields =
      millrace::fields("container", &Recovered::container, "epoch", &Recovered::epoch);
};

/// Keeps the last fact as the watch would see it.
class FactKeeper final : public Journal {
 public:
  explicit FactKeeper(AnchorWatch& watch) : watch_(watch) {}
  void mark(std::string_view /*name*/) override {}
  void record(const FactView& fact) override { due = watch_.on_fact("store-1", fact); }

  std::vector<ActionIndex> due;

 private:
  AnchorWatch& watch_;
};

const FrameNamer kNoNames;

Anchor anchor_at(AnchorKind kind, std::string machine, std::string name, std::uint32_t nth) {
  Anchor anchor;
  anchor.kind = kind;
  anchor.machine = std::move(machine);
  anchor.name = std::move(name);
  anchor.nth = nth;
  return anchor;
}

using Due = std::vector<ActionIndex>;

TEST(AnchorWatch, fires_once_at_the_nth_matching_mark) {
  AnchorWatch watch(kNoNames);
  const Anchor anchor = anchor_at(AnchorKind::kMark, "store-1", "log.synced", 2);
  watch.add(5, anchor);

  EXPECT_EQ(watch.on_mark("store-2", "log.synced"), Due{});
  EXPECT_EQ(watch.on_mark("store-1", "log.rolled"), Due{});
  EXPECT_EQ(watch.on_mark("store-1", "log.synced"), Due{});
  EXPECT_EQ(watch.on_mark("store-1", "log.synced"), Due{5});
  EXPECT_EQ(watch.on_mark("store-1", "log.synced"), Due{});
  EXPECT_FALSE(watch.wants(MomentKind::kMark));
}

TEST(AnchorWatch, an_empty_machine_counts_the_moments_of_all) {
  AnchorWatch watch(kNoNames);
  const Anchor anchor = anchor_at(AnchorKind::kMark, "", "log.synced", 3);
  watch.add(0, anchor);

  EXPECT_EQ(watch.on_mark("store-1", "log.synced"), Due{});
  EXPECT_EQ(watch.on_mark("store-2", "log.synced"), Due{});
  EXPECT_EQ(watch.on_mark("store-1", "log.synced"), Due{0});
}

TEST(AnchorWatch, several_anchors_of_one_moment_come_in_order) {
  AnchorWatch watch(kNoNames);
  const Anchor anchor = anchor_at(AnchorKind::kMark, "", "log.synced", 1);
  watch.add(4, anchor);
  watch.add(2, anchor);

  EXPECT_EQ(watch.on_mark("store-1", "log.synced"), (Due{4, 2}));
}

TEST(AnchorWatch, facts_are_filtered_by_all_their_fields) {
  AnchorWatch watch(kNoNames);
  Anchor anchor = anchor_at(AnchorKind::kFact, "", "Recovered", 1);
  anchor.fields = {{"container", "3"}, {"epoch", "2"}};
  watch.add(1, anchor);
  FactKeeper keeper(watch);

  keeper.fact(Recovered{.container = 3, .epoch = 1});
  EXPECT_EQ(keeper.due, Due{});
  keeper.fact(Recovered{.container = 2, .epoch = 2});
  EXPECT_EQ(keeper.due, Due{});
  keeper.fact(Recovered{.container = 3, .epoch = 2});
  EXPECT_EQ(keeper.due, Due{1});
}

TEST(AnchorWatch, disk_requests_are_told_by_sort_phase_and_path) {
  AnchorWatch watch(kNoNames);
  Anchor anchor = anchor_at(AnchorKind::kDiskSync, "store-1", "log.", 1);
  anchor.phase = DiskPhase::kAfter;
  watch.add(1, anchor);

  EXPECT_EQ(watch.on_disk("store-1", {DiskRequest::kWrite, DiskPhase::kAfter, "log.0"}), Due{});
  EXPECT_EQ(watch.on_disk("store-1", {DiskRequest::kSync, DiskPhase::kBefore, "log.0"}), Due{});
  EXPECT_EQ(watch.on_disk("store-1", {DiskRequest::kSync, DiskPhase::kAfter, "index"}), Due{});
  EXPECT_EQ(watch.on_disk("store-1", {DiskRequest::kSync, DiskPhase::kAfter, "log.0"}), Due{1});
}

TEST(AnchorWatch, operations_after_a_boot_start_again_with_each_boot_of_each_machine) {
  AnchorWatch watch(kNoNames);
  const Anchor anchor = anchor_at(AnchorKind::kOperationAfterBoot, "", "", 3);
  watch.add(1, anchor);
  const DiskMoment operation{DiskRequest::kOther, DiskPhase::kBefore, "log.0"};

  // Before any boot that it saw, there is nothing to count from.
  for (int i = 0; i < 5; ++i) EXPECT_EQ(watch.on_disk("store-1", operation), Due{});
  EXPECT_TRUE(watch.wants(MomentKind::kBoot));
  watch.on_boot("store-1");
  watch.on_disk("store-1", operation);
  watch.on_disk("store-1", operation);
  watch.on_boot("store-1");
  watch.on_boot("store-2");
  EXPECT_EQ(watch.on_disk("store-1", operation), Due{});
  EXPECT_EQ(watch.on_disk("store-2", operation), Due{});
  EXPECT_EQ(watch.on_disk("store-2", operation), Due{});
  EXPECT_EQ(watch.on_disk("store-1", operation), Due{});
  EXPECT_EQ(watch.on_disk("store-2", operation), Due{1});
}

TEST(AnchorWatch, changes_of_a_disk_are_counted_by_phase_and_operation) {
  AnchorWatch watch(kNoNames);
  Anchor any = anchor_at(AnchorKind::kDiskChange, "store-1", "", 2);
  any.phase = DiskPhase::kDuring;
  Anchor of_seven = anchor_at(AnchorKind::kDiskChange, "store-1", "", 1);
  of_seven.phase = DiskPhase::kDuring;
  of_seven.operation = 7;
  watch.add(1, any);
  watch.add(2, of_seven);
  DiskMoment moment{.request = DiskRequest::kOther, .phase = DiskPhase::kDuring, .path = "log.0"};

  EXPECT_EQ(watch.on_disk("store-1", moment), Due{}) << "it changes nothing";
  moment.is_change = true;
  EXPECT_EQ(watch.on_disk("store-2", moment), Due{});
  EXPECT_EQ(watch.on_disk("store-1", moment), Due{});
  moment.phase = DiskPhase::kAfter;
  EXPECT_EQ(watch.on_disk("store-1", moment), Due{});
  moment.phase = DiskPhase::kDuring;
  moment.root = operation_root(7);
  EXPECT_EQ(watch.on_disk("store-1", moment), (Due{1, 2}));
}

TEST(AnchorWatch, counts_from_when_the_operation_that_an_anchor_names_is_taken) {
  AnchorWatch watch(kNoNames);
  Anchor anchor = anchor_at(AnchorKind::kMark, "", "log.synced", 2);
  anchor.since_operation = 7;
  watch.add(1, anchor);

  EXPECT_TRUE(watch.wants(MomentKind::kMark));
  EXPECT_EQ(watch.on_mark("store-1", "log.synced"), Due{});
  watch.operation_taken(3);
  EXPECT_EQ(watch.on_mark("store-1", "log.synced"), Due{});
  watch.operation_taken(7);
  EXPECT_EQ(watch.on_mark("store-1", "log.synced"), Due{});
  // Whoever is armed later counts from then.
  watch.operation_taken(8);
  watch.add(2, anchor);
  EXPECT_EQ(watch.on_mark("store-1", "log.synced"), Due{1});
  EXPECT_EQ(watch.on_mark("store-1", "log.synced"), Due{2});
}

TEST(AnchorWatch, tells_which_moment_it_was_since_the_last_operation) {
  AnchorWatch watch(kNoNames);
  const Anchor first = anchor_at(AnchorKind::kMark, "", "log.synced", 1);
  const Anchor fifth = anchor_at(AnchorKind::kMark, "", "log.synced", 5);
  watch.add(1, fifth);
  watch.add(2, first);

  watch.on_mark("store-1", "log.synced");
  watch.operation_taken(3);
  watch.on_mark("store-1", "log.synced");
  watch.operation_taken(9);
  for (int i = 0; i < 3; ++i) watch.on_mark("store-1", "log.synced");

  EXPECT_EQ(watch.met(), (std::vector<MetMoment>{{.action = 2, .operation = 0, .nth = 1},
                                                 {.action = 1, .operation = 9, .nth = 3}}));
}

// What is counted anew from each boot is counted from the later of boot and operation.
TEST(AnchorWatch, tells_which_operation_after_a_boot_it_was_since_the_last_of_a_client) {
  const DiskMoment write{DiskRequest::kWrite, DiskPhase::kBefore, "log.0"};
  const Anchor third = anchor_at(AnchorKind::kOperationAfterBoot, "store-1", "", 3);
  for (const bool boots_again : {false, true}) {
    AnchorWatch watch(kNoNames);
    watch.add(1, third);
    watch.on_boot("store-1");
    watch.on_disk("store-1", write);
    watch.operation_taken(4);
    if (boots_again) watch.on_boot("store-1");

    int writes = 1;
    while (watch.on_disk("store-1", write).empty()) ++writes;

    const auto nth = static_cast<std::uint32_t>(writes);
    EXPECT_EQ(writes, boots_again ? 3 : 2);
    EXPECT_EQ(watch.met(), (std::vector<MetMoment>{{.action = 1, .operation = 4, .nth = nth}}));
  }
}

TEST(AnchorWatch, frames_are_named_only_where_their_link_matches) {
  int named = 0;
  const FrameNamer namer = [&](ByteView bytes) {
    ++named;
    return std::string(as_text(bytes));
  };
  AnchorWatch watch(namer);
  Anchor anchor = anchor_at(AnchorKind::kFrame, "writer-1", "commit", 2);
  anchor.peer = "store-1";
  watch.add(1, anchor);
  const auto frame = [](std::string_view from, std::string_view to, std::string_view text) {
    return FrameMoment{
        .source = from, .destination = to, .bytes = as_bytes(text), .direction = EntityId(9)};
  };

  EXPECT_EQ(watch.on_frame(frame("store-1", "writer-1", "commit")), Due{});
  EXPECT_EQ(watch.on_frame(frame("writer-1", "store-2", "commit")), Due{});
  EXPECT_EQ(named, 0);
  EXPECT_EQ(watch.on_frame(frame("writer-1", "store-1", "commit")), Due{});
  EXPECT_EQ(watch.on_frame(frame("writer-1", "store-1", "append")), Due{});
  EXPECT_EQ(watch.on_frame(frame("writer-1", "store-1", "commit")), Due{1});
  EXPECT_EQ(named, 3);
}

TEST(AnchorWatch, entities_are_tasks_of_a_machine_or_have_one_name) {
  AnchorWatch watch(kNoNames);
  const Anchor task = anchor_at(AnchorKind::kEntityEvent, "store-1", "flusher", 1);
  const Anchor link = anchor_at(AnchorKind::kEntityEvent, "", "writer-1>store-1", 1);
  watch.add(1, task);
  watch.add(2, link);

  EXPECT_EQ(watch.on_entity_event(hash_name("flusher")), Due{});
  EXPECT_EQ(watch.on_entity_event(where_of("store-1", "flusher").value), Due{1});
  EXPECT_EQ(watch.on_entity_event(hash_name("writer-1>store-1")), Due{2});
}

}  // namespace
}  // namespace millrace::sim
