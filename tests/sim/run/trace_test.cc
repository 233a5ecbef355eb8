// What a traced run leaves behind for reports: causes, frames, operations, machines.

#include <algorithm>
#include <gtest/gtest.h>
#include <map>

#include "sim/run/run.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

using sim::NoteKind;

class TracedRun : public testing::Test {
 protected:
  TracedRun() {
    toy::register_toy(registry_);
    const Scenario scenario = toy::quiet_scenario();
    const Plan plan = toy::with_power_losses(draw_plan(registry_, scenario, 3));
    losses_ = plan.faults.actions.size();
    plain_ = run_plan(registry_, scenario, plan, {});
    traced_ = run_plan(registry_, scenario, plan, {.is_traced = true});
  }

  const TraceLine* line(std::uint64_t number) const {
    const auto found = std::ranges::find(traced_.trace, number, &TraceLine::number);
    return found == traced_.trace.end() ? nullptr : &*found;
  }

  Registry registry_;
  std::size_t losses_ = 0;
  RunRecord plain_;
  RunRecord traced_;
};

TEST_F(TracedRun, is_the_same_execution_as_the_plain_one_which_keeps_nothing) {
  EXPECT_EQ(traced_.fingerprint, plain_.fingerprint);
  EXPECT_EQ(traced_.events, plain_.events);

  EXPECT_TRUE(plain_.trace.empty());
  EXPECT_EQ(plain_.trace_facts, TraceFacts{});
}

TEST_F(TracedRun, comes_back_whole_from_its_json) {
  const Result<RunRecord> read = run_record_from_json(run_record_to_json(traced_));

  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, traced_);
}

TEST_F(TracedRun, knows_where_each_frame_comes_from) {
  std::map<std::uint64_t, const TraceLine*> sent;
  std::size_t delivered = 0;
  for (const TraceLine& one : traced_.trace) {
    if (one.kind == NoteKind::kSend) {
      ASSERT_NE(one.message, 0U);
      EXPECT_TRUE(sent.emplace(one.message, &one).second) << "a frame is sent once";
    }
    if (one.kind != NoteKind::kDeliver) continue;
    ++delivered;
    ASSERT_TRUE(sent.contains(one.message));
    const TraceLine& send = *sent.at(one.message);
    EXPECT_EQ(one.causes, std::vector{send.number});
    EXPECT_EQ(one.machine, send.peer);
    EXPECT_EQ(one.peer, send.machine);
    EXPECT_GT(one.time_ns, send.time_ns);
  }
  EXPECT_GT(delivered, 10U);
}

TEST_F(TracedRun, says_which_frames_were_lost) {
  // Whether a frame is under way just then is the seed's choice.
  std::size_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Scenario scenario = toy::quiet_scenario();
    const Plan plan = toy::with_power_losses(draw_plan(registry_, scenario, seed));
    const RunRecord record = run_plan(registry_, scenario, plan, {.is_traced = true});
    for (const TraceLine& one : record.trace) {
      if (one.kind != NoteKind::kDrop) continue;
      ++lost;
      EXPECT_NE(one.message, 0U);
      const auto is_send = [&](const TraceLine& other) {
        return other.kind == NoteKind::kSend && other.message == one.message;
      };
      EXPECT_TRUE(std::ranges::any_of(record.trace, is_send));
      EXPECT_NE(one.text.find("lost"), std::string::npos);
    }
  }
  EXPECT_GT(lost, 0U);
}

TEST_F(TracedRun, has_causes_that_come_before_their_effects) {
  std::size_t caused = 0;
  for (const TraceLine& one : traced_.trace) {
    for (const std::uint64_t cause : one.causes) {
      ++caused;
      EXPECT_LT(cause, one.number);
      ASSERT_NE(line(cause), nullptr);
      EXPECT_LE(line(cause)->ordinal, one.ordinal);
    }
  }
  EXPECT_GT(caused, 20U);
}

TEST_F(TracedRun, leads_from_an_answer_back_to_the_disk_and_the_question) {
  // An answer of the store is caused by the sync that it waited for, this by the write, and that by
  // the frame that asked for it.
  bool is_found = false;
  for (const TraceLine& one : traced_.trace) {
    if (one.kind != NoteKind::kSend || !one.machine.starts_with("store")) continue;
    std::vector<NoteKind> kinds;
    for (const TraceLine* at = &one; at != nullptr;) {
      kinds.push_back(at->kind);
      at = at->causes.empty() ? nullptr : line(at->causes.front());
    }
    const std::vector wanted{NoteKind::kSend, NoteKind::kDisk, NoteKind::kDisk, NoteKind::kDeliver,
                             NoteKind::kSend};
    is_found = is_found || (kinds.size() >= wanted.size() &&
                            std::equal(wanted.begin(), wanted.end(), kinds.begin()));
  }
  EXPECT_TRUE(is_found);
}

TEST_F(TracedRun, knows_when_machines_were_down_and_by_which_fault) {
  ASSERT_GT(losses_, 0U);
  std::size_t off = 0;
  for (std::size_t i = 0; i < traced_.trace_facts.machines.size(); ++i) {
    const MachineChange& change = traced_.trace_facts.machines[i];
    if (change.life != MachineLife::kOff) continue;
    ++off;
    const auto later =
        std::find_if(traced_.trace_facts.machines.begin() + static_cast<std::ptrdiff_t>(i),
                     traced_.trace_facts.machines.end(), [&](const MachineChange& next) {
                       return next.machine == change.machine && next.life == MachineLife::kUp;
                     });
    ASSERT_NE(later, traced_.trace_facts.machines.end());
    EXPECT_GT(later->at.time_ns, change.at.time_ns);
  }
  EXPECT_EQ(off, losses_);

  std::size_t caused = 0;
  for (const TraceLine& one : traced_.trace) {
    if (one.kind != NoteKind::kMachine || one.causes.empty()) continue;
    const TraceLine* const fault = line(one.causes.front());
    ASSERT_NE(fault, nullptr);
    if (fault->fault == 0) continue;
    ++caused;
    EXPECT_EQ(fault->struck, std::vector{one.machine});
  }
  EXPECT_EQ(caused, losses_) << "each machine that lost its power boots because of it";
}

TEST_F(TracedRun, has_every_operation_with_its_time_and_outcome) {
  ASSERT_FALSE(traced_.trace_facts.operations.empty());
  std::uint64_t acked = 0;
  for (const TracedOperation& operation : traced_.trace_facts.operations) {
    EXPECT_GE(operation.ended.time_ns, operation.taken.time_ns);
    if (operation.outcome == Outcome::kOk) ++acked;
  }
  EXPECT_EQ(acked, traced_.acked_operations);
}

TEST_F(TracedRun, tells_what_each_disk_has_not_synced) {
  bool has_some = false;
  bool has_none = false;
  for (const TraceLine& one : traced_.trace) {
    if (one.kind != NoteKind::kDisk) continue;
    ASSERT_GE(one.unsynced_bytes, 0);
    if (one.text.find("not yet synced") != std::string::npos) {
      EXPECT_GT(one.unsynced_bytes, 0);
      has_some = true;
    }
    has_none = has_none || (one.text.ends_with(" synced") && one.unsynced_bytes == 0);
  }
  EXPECT_TRUE(has_some);
  EXPECT_TRUE(has_none);
}

TEST(FailedSync, is_among_the_faults_of_a_trace) {
  Registry registry;
  toy::register_toy(registry);
  const Scenario scenario = toy::quiet_scenario();
  Plan plan = toy::with_power_losses(draw_plan(registry, scenario, 3));
  for (sim::FaultAction& action : plan.faults.actions) {
    action.kind = sim::FaultKind::kDiskFailedSync;
    action.duration = {};
    action.amount = 1;
  }

  const RunRecord record = run_plan(registry, scenario, plan, {.is_traced = true});

  const auto is_failure = [](const TraceLine& line) {
    return line.kind == NoteKind::kFault && line.text.find(": sync failed") != std::string::npos;
  };
  EXPECT_TRUE(std::ranges::any_of(record.trace, is_failure));
}

TEST_F(TracedRun, keeps_the_fields_of_records) {
  const auto stored = std::ranges::find(traced_.trace, "Stored", &TraceLine::type);

  ASSERT_NE(stored, traced_.trace.end());
  ASSERT_EQ(stored->fields.size(), 1U);
  EXPECT_EQ(stored->fields[0].name, "number");
  EXPECT_EQ(stored->text, "Stored number=" + stored->fields[0].value);
}

}  // namespace
}  // namespace millrace::run
