#include "reports/run_page.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "reports/page_file.h"
#include "reports/page_rows.h"
#include "sim/run/registry.h"
#include "tests/reports/sample_records.h"

namespace millrace::reports {
namespace {

using nlohmann::json;
using run::TraceLine;
using sim::NoteKind;

/// What `run --json` prints, as far as a page takes it from there.
std::string run_json_of(const run::RunRecord& record) {
  json violation = nullptr;
  if (record.violation.has_value()) {
    violation = {
        {"property", record.violation->property},   {"name", record.violation->name},
        {"signature", record.violation->signature}, {"group", "4e956e3a"},
        {"claim", record.violation->claim},         {"seen", record.violation->seen},
        {"expected", record.violation->expected},   {"event", record.violation->at.ordinal}};
  }
  json consequences = json::array();
  for (const run::Objection& one : record.consequences) {
    consequences.push_back({{"property", one.property}, {"event", one.at.ordinal}});
  }
  return json{{"scenario", record.scenario},  {"seed", record.seed},
              {"violation", violation},       {"consequences", consequences},
              {"overrides", json::array()},   {"properties", json::array()},
              {"faults", json::array()},      {"marks", json::object()},
              {"situations", json::object()}, {"build", {{"version", "0.3.0"}}}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

/// The machines, the operation and the fault of lost_event().
run::Plan lost_event_plan() {
  run::Plan plan;
  plan.scenario = "crash_storm";
  plan.seed = 187;
  for (const char* const name : {"store-1", "store-2"}) {
    plan.machines.push_back({.name = name, .role = "segment_store", .zone = "a", .knobs = {}});
  }
  plan.clients.push_back({.name = "writer-1", .workload = "writer", .knobs = {}, .operations = {}});
  plan.clients.push_back({.name = "reader-1", .workload = "reader", .knobs = {}, .operations = {}});
  plan.clients[0].operations.push_back(
      {.operation = {.id = 12, .kind = "append", .arguments = {{"key", 3}}},
       .not_before = milliseconds(1'204)});
  sim::FaultAction loss;
  loss.id = 1;
  loss.kind = sim::FaultKind::kMachinePowerLoss;
  loss.at = milliseconds(1'209);
  loss.duration = milliseconds(400);
  loss.targets = {"store-1"};
  plan.faults.actions = {loss};
  return plan;
}

/// lost_event() with what a traced run knows beside its texts.
run::RunRecord traced_event() {
  run::RunRecord record = testing::lost_event();
  std::uint64_t number = 0;
  for (TraceLine& line : record.trace) line.number = ++number;
  std::vector<TraceLine>& trace = record.trace;
  trace[2].type = "append_invoked";
  trace[2].fields = {{.name = "uid", .value = "17"}, {.name = "writer", .value = "writer-1"}};
  trace[3].message = 1;
  trace[4].message = 1;
  trace[4].causes = {4};
  trace[5].causes = {5};
  trace[5].unsynced_bytes = 512;
  trace[6].message = 2;
  trace[6].causes = {6};
  trace[7].type = "append_acked";
  trace[7].fields = {{.name = "uid", .value = "17"}, {.name = "segment", .value = "orders/0"}};
  trace[8].fault = 1;
  trace[8].struck = {"store-1"};
  record.taken_operations = "12";
  record.trace_facts.operations = {
      {.id = 12, .taken = {.ordinal = 41, .time_ns = 1'204'000'000}, .ended = {}}};
  record.trace_facts.machines = {{.machine = "store-1",
                                  .life = run::MachineLife::kOff,
                                  .at = {.ordinal = 49, .time_ns = 1'209'000'000}},
                                 {.machine = "store-1",
                                  .life = run::MachineLife::kUp,
                                  .at = {.ordinal = 60, .time_ns = 1'609'000'000}}};
  return record;
}

class RunPageTest : public ::testing::Test {
 protected:
  json object_of(const run::RunRecord& record, const NeighbourRun* neighbour = nullptr) const {
    return json::parse(text_of(record, neighbour));
  }

  json object_of(const run::RunRecord& record, const FailureContext& screen) const {
    return json::parse(text_of(record, nullptr, screen));
  }

  std::string text_of(const run::RunRecord& record, const NeighbourRun* neighbour) const {
    return text_of(record, neighbour, testing::lost_event_context());
  }

  std::string text_of(const run::RunRecord& record, const NeighbourRun* neighbour,
                      const FailureContext& screen) const {
    const run::Plan plan = lost_event_plan();
    const std::string run_json = run_json_of(record);
    return run_page_json({.registry = registry_,
                          .plan = plan,
                          .record = record,
                          .run_json = run_json,
                          .screen = screen,
                          .neighbour = neighbour});
  }

  run::Registry registry_;
};

TEST_F(RunPageTest, has_a_row_for_each_line_and_shows_where_it_failed) {
  const run::RunRecord record = traced_event();

  const json page = object_of(record);

  const std::size_t rows = record.trace.size();
  for (const auto& [name, column] : page["events"].items()) EXPECT_EQ(column.size(), rows) << name;
  const json& strings = page["strings"];
  EXPECT_EQ(strings[0], "");
  const std::size_t ack = 7;
  EXPECT_EQ(strings[page["events"]["text"][ack].get<std::size_t>()], record.trace[ack].text);
  EXPECT_EQ(page["machines"][page["events"]["machine"][ack].get<std::size_t>()]["name"],
            "writer-1");
  EXPECT_EQ(page["failure"]["row"], rows - 1);
  EXPECT_EQ(page["failure"]["machine"], 3) << "reader-1";
  EXPECT_EQ(page["failure"]["t"], 9'002'000'000);
  // 2: the violation, + 4: on the screen.
  const json& evidence = page["evidence"];
  EXPECT_EQ(evidence[evidence.size() - 2], rows - 1);
  EXPECT_EQ(evidence[evidence.size() - 1], 6);
}

TEST_F(RunPageTest, says_what_its_campaign_knows_of_the_failure) {
  const run::RunRecord record = traced_event();
  FailureContext screen = testing::lost_event_context();
  EXPECT_EQ(object_of(record, screen)["group"],
            json({{"status", "new"}, {"count", 3}, {"seeds", 200}, {"noun", "seed"}}));

  screen.known = {.utc = "2026-11-20T17:48:33Z", .commit = "9e1f03d"};
  const json known = object_of(record, screen)["group"];
  EXPECT_EQ(known["status"], "known");
  EXPECT_EQ(known["known_since"], "2026-11-20T17:48:33Z");
  EXPECT_EQ(known["known_commit"], "9e1f03d");

  screen.seeds = 0;
  EXPECT_FALSE(object_of(record, screen).contains("group")) << "it is of no campaign";
}

TEST_F(RunPageTest, pairs_messages_and_points_to_causes) {
  const json page = object_of(traced_event());

  const json& messages = page["messages"];
  EXPECT_EQ(messages["send"], json({3, 6}));
  EXPECT_EQ(messages["deliver"], json({4, -1}));
  EXPECT_EQ(messages["fate"], json({0, 2})) << "delivered, and still under way";
  EXPECT_EQ(page["causes"], json({4, 3, 5, 4, 6, 5}));
}

TEST_F(RunPageTest, shows_operations_faults_and_machines_over_time) {
  const json page = object_of(traced_event());

  EXPECT_EQ(page["operations"]["id"], json({12}));
  EXPECT_EQ(page["operations"]["to"], json({-1}));
  EXPECT_EQ(page["operations"]["outcome"], json({3})) << "it never ended";
  EXPECT_EQ(page["operations"]["row"], json({2}));
  ASSERT_EQ(page["bands"].size(), 1U);
  EXPECT_EQ(page["bands"][0]["text"], "POWER LOSS 400 ms");
  EXPECT_EQ(page["bands"][0]["machines"], json({0}));
  EXPECT_EQ(page["bands"][0]["from"], 1'209'000'000);
  EXPECT_EQ(page["bands"][0]["to"], 1'609'000'000);
  EXPECT_EQ(page["spans"]["state"][0], 0);
  EXPECT_EQ(page["spans"]["to"][0], 1'609'000'000);
  ASSERT_EQ(page["plan"]["items"].size(), 2U);
  EXPECT_EQ(page["plan"]["items"][0]["state"], "fired");
  EXPECT_EQ(page["plan"]["items"][0]["row"], 8);
  EXPECT_EQ(page["plan"]["items"][1]["state"], "taken");
}

TEST_F(RunPageTest, tells_rows_apart_by_the_fields_of_records) {
  const json page = object_of(traced_event());

  const auto facet = [&](const std::string& name) -> const json& {
    for (const json& one : page["facets"]) {
      if (one["name"] == name) return one;
    }
    static const json kNone;
    return kNone;
  };
  // The acknowledgement has no writer: its event's uid has.
  EXPECT_EQ(facet("writer")["values"], json({"writer-1"}));
  EXPECT_EQ(facet("writer")["of"][7], 0);
  EXPECT_EQ(facet("segment")["of"][7], 0);
  EXPECT_EQ(facet("segment")["of"][0], -1) << "a boot is about no segment";
  EXPECT_TRUE(facet("offset").is_null()) << "an amount tells nothing apart";
}

TEST_F(RunPageTest, plots_how_far_readers_are_behind) {
  run::RunRecord record = traced_event();
  TraceLine read = record.trace[7];
  read.number = record.trace.size() + 1;
  read.ordinal = 95;
  read.time_ns = 9'100'000'000;
  read.machine = "reader-1";
  read.type = "event_read";
  record.trace.push_back(read);

  const json page = object_of(record);

  const auto lag = std::ranges::find_if(
      page["series"], [](const json& one) { return one["name"] == "reader lag"; });
  ASSERT_NE(lag, page["series"].end());
  EXPECT_EQ((*lag)["label"], "reader-1");
  EXPECT_EQ((*lag)["t"], json({1'209'000'000, 9'100'000'000}));
  EXPECT_EQ((*lag)["v"], json({1, 0}));
  const auto unsynced = std::ranges::find_if(
      page["series"], [](const json& one) { return one["name"] == "unsynced bytes"; });
  ASSERT_NE(unsynced, page["series"].end());
  EXPECT_EQ((*unsynced)["v"], json({512, 0})) << "what was not synced is gone with the power";
}

TEST_F(RunPageTest, keeps_the_peaks_of_a_plot_with_more_points_than_it_has_room_for) {
  constexpr int kPoints = 20'000;
  run::RunRecord record = traced_event();
  TraceLine disk = record.trace[5];
  record.trace.clear();
  record.trace_facts.machines.clear();
  for (int i = 0; i < kPoints; ++i) {
    disk.number = static_cast<std::uint64_t>(i) + 1;
    disk.time_ns = i;
    disk.unsynced_bytes = i == 7'777 ? 1'000'000 : i % 2;
    record.trace.push_back(disk);
  }

  const json page = object_of(record);

  const auto unsynced = std::ranges::find_if(
      page["series"], [](const json& one) { return one["name"] == "unsynced bytes"; });
  ASSERT_NE(unsynced, page["series"].end());
  const json& values = (*unsynced)["v"];
  EXPECT_LT(values.size(), 4'100U);
  EXPECT_EQ(std::ranges::count(values, json(1'000'000)), 1);
  EXPECT_EQ((*unsynced)["t"].back(), kPoints - 1);
}

TEST_F(RunPageTest, keeps_what_the_system_under_test_wrote_from_ending_the_object) {
  const std::string attack = "</script><!--<script>alert('x')&amp;\xE2\x80\xA8\xE2\x80\xA9\xFF\"\\";
  run::RunRecord record = traced_event();
  record.violation->seen = attack;
  record.trace[7].text = "append_acked key=" + attack;
  record.trace[7].fields[1].value = attack;

  const std::string text = text_of(record, nullptr);
  const std::string embedded = embeddable(text);

  EXPECT_EQ(embedded.find_first_of("<>&"), std::string::npos);
  EXPECT_EQ(embedded.find("\xE2\x80\xA8"), std::string::npos);
  EXPECT_EQ(embedded.find("\xE2\x80\xA9"), std::string::npos);
  EXPECT_EQ(json::parse(embedded), json::parse(text)) << "it says the same";
  // The byte that is no UTF-8 is replaced, all others are there.
  const std::string shown =
      "</script><!--<script>alert('x')&amp;\xE2\x80\xA8\xE2\x80\xA9\xEF\xBF\xBD\"\\";
  EXPECT_EQ(json::parse(embedded)["failure"]["seen"], shown);
}

TEST_F(RunPageTest, holds_a_bounded_number_of_rows_and_drops_frames_first) {
  run::RunRecord record = traced_event();
  const std::size_t story = record.trace.size();
  TraceLine frame = record.trace[3];
  frame.operation = 0;
  std::vector<TraceLine> frames(kPageRowsMax, frame);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    frames[i].number = i + 1;
    frames[i].message = 1'000 + i;
    frames[i].ordinal = 1;
    frames[i].text = "append_block";
  }
  for (TraceLine& line : record.trace) line.number += frames.size();
  record.trace.insert(record.trace.begin(), frames.begin(), frames.end());
  record.trace_facts.lines_left_out = 7;

  const json page = object_of(record);

  EXPECT_LE(page["events"]["t"].size(), kPageRowsMax);
  EXPECT_GE(page["events"]["t"].size(), kPageRowsMax - 1);
  EXPECT_GE(page["rows_left_out"].get<std::size_t>(), story + 7);
  EXPECT_EQ(page["failure"]["row"], page["events"]["t"].size() - 1);
  EXPECT_EQ(page["operations"]["row"][0], kPageRowsMax - 1 - story + 2) << "no record is gone";
}

TEST_F(RunPageTest, knows_of_a_frame_that_it_arrived_where_it_has_no_row_of_that) {
  run::RunRecord record = traced_event();
  // The request is evidence, its arrival is not; more of that fills the page.
  TraceLine& arrival = record.trace[4];
  arrival.operation = 0;
  arrival.text = "deliver";
  std::vector<TraceLine> frames(kPageRowsMax, arrival);
  for (TraceLine& line : frames) line.message = 0;
  record.trace.insert(record.trace.begin() + 5, frames.begin(), frames.end());
  for (std::size_t i = 0; i < record.trace.size(); ++i) record.trace[i].number = i + 1;

  const json messages = object_of(record)["messages"];

  ASSERT_GE(messages["send"][0], 0);
  EXPECT_EQ(messages["deliver"][0], -1);
  EXPECT_EQ(messages["fate"][0], 0) << "it is not under way at the end";
}

TEST_F(RunPageTest, has_the_passing_run_beside_it_from_where_they_part) {
  const run::RunRecord record = traced_event();
  NeighbourRun other{.record = record, .change = "fault 1 is left out", .parts_at = 49};
  other.record.trace.erase(other.record.trace.begin() + 8, other.record.trace.begin() + 10);
  for (std::size_t i = 8; i < other.record.trace.size(); ++i) {
    other.record.trace[i].number = i + 1;
  }

  const json page = object_of(record, &other);

  EXPECT_EQ(page["neighbour"]["change"], "fault 1 is left out");
  EXPECT_EQ(page["neighbour"]["row"], 8);
  EXPECT_EQ(page["neighbour"]["other_row"], 8);
  EXPECT_EQ(page["neighbour"]["events"]["t"].size(), other.record.trace.size());
}

TEST_F(RunPageTest, counts_the_rows_of_the_passing_run_from_the_first_that_the_page_has) {
  run::RunRecord record = traced_event();
  TraceLine before = record.trace.front();
  before.ordinal = 1;
  std::vector<TraceLine> quiet(1'000, before);
  record.trace.insert(record.trace.begin(), quiet.begin(), quiet.end());
  for (std::size_t i = 0; i < record.trace.size(); ++i) record.trace[i].number = i + 1;
  NeighbourRun other{.record = record, .change = "fault 1 is left out", .parts_at = 49};
  other.record.trace[1'008].text = "something else";

  const json page = object_of(record, &other);

  const json& neighbour = page["neighbour"];
  const auto text_of_row = [&](const json& events, const json& row) {
    return page["strings"][events["text"][row.get<std::size_t>()].get<std::size_t>()];
  };
  EXPECT_EQ(text_of_row(page["events"], neighbour["row"]), record.trace[1'008].text);
  EXPECT_EQ(text_of_row(neighbour["events"], neighbour["other_row"]), "something else");
  EXPECT_LT(neighbour["events"]["t"].size(), 300U) << "from shortly before they part";
}

TEST_F(RunPageTest, says_which_of_two_runs_has_no_more) {
  const run::RunRecord record = traced_event();
  NeighbourRun shorter{.record = record, .change = "operation 12 is left out", .parts_at = 94};
  shorter.record.trace.pop_back();

  const json page = object_of(record, &shorter);

  EXPECT_EQ(page["neighbour"]["row"], record.trace.size() - 1);
  EXPECT_EQ(page["neighbour"]["other_row"], -1);
}

TEST_F(RunPageTest, shows_a_crash_that_left_no_trace) {
  run::RunRecord record = testing::crash();
  json run = json::parse(run_json_of(record));
  run["violation"] = {{"property", "crash"}, {"seen", record.breakdown->what}, {"event", 8'812}};
  const run::Plan plan = lost_event_plan();
  const std::string run_json = run.dump();
  const FailureContext screen = testing::lost_event_context();

  const json page = json::parse(run_page_json({.registry = registry_,
                                               .plan = plan,
                                               .record = record,
                                               .run_json = run_json,
                                               .screen = screen}));

  EXPECT_EQ(page["failure"]["row"], -1);
  EXPECT_EQ(page["failure"]["machine"], 1);
  EXPECT_EQ(page["failure"]["frames"].size(), 12U);
  EXPECT_TRUE(page["events"]["t"].empty());
  EXPECT_EQ(page["plan"]["items"][0]["state"], "") << "nobody knows whether the fault struck";
}

TEST(PageFile, puts_the_object_into_its_template_once) {
  for (const char* const name : {"run.html", "campaign.html"}) {
    const std::string page = page_with(name, R"({"page":"planted </script>"})");

    EXPECT_NE(page.find(R"({"page":"planted \u003c/script\u003e"})"), std::string::npos);
    EXPECT_EQ(page.find("{{data}}"), std::string::npos);
    EXPECT_EQ(page.find("{{include"), std::string::npos);
  }
}

}  // namespace
}  // namespace millrace::reports
