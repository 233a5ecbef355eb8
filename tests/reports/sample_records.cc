#include "tests/reports/sample_records.h"

#include <string>
#include <utility>

namespace millrace::reports::testing {
namespace {

using run::At;
using run::TraceLine;
using sim::NoteKind;

constexpr std::int64_t kMillisecond = 1'000'000;

At at(std::uint64_t ordinal, std::uint64_t record, std::int64_t milliseconds) {
  At place;
  place.ordinal = ordinal;
  place.record = record;
  place.time = {milliseconds * kMillisecond};
  return place;
}

/// A line of a trace; `record` and `operation` as in TraceLine.
TraceLine line(At where, NoteKind kind, std::string machine, std::string text,
               std::uint64_t operation) {
  TraceLine made;
  made.ordinal = where.ordinal;
  made.time_ns = where.time.ns;
  made.kind = kind;
  made.machine = std::move(machine);
  made.text = std::move(text);
  made.record = where.record;
  made.operation = operation;
  return made;
}

TraceLine between(At where, NoteKind kind, std::string machine, std::string peer, std::string text,
                  std::uint64_t operation) {
  TraceLine made = line(where, kind, std::move(machine), std::move(text), operation);
  made.peer = std::move(peer);
  return made;
}

/// What a busy world does meanwhile: none of it has to do with any failure.
void add_bustle(std::vector<TraceLine>& trace, std::uint64_t from, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto when = static_cast<std::int64_t>(1'210 + i * 10);
    trace.push_back(between(at(from + i, 0, when), NoteKind::kSend, "writer-2", "store-2",
                            "append_block, 64 B", 900 + i));
  }
}

run::ScenarioSummary scenario(std::string name, std::uint64_t seeds, std::uint64_t acked,
                              std::uint64_t faults, std::int64_t virtual_seconds) {
  run::ScenarioSummary made;
  made.name = std::move(name);
  made.seeds = seeds;
  made.passed = seeds;
  made.acked_operations = acked;
  made.faults_fired = faults;
  made.virtual_ns = virtual_seconds * 1'000 * kMillisecond;
  return made;
}

run::PropertySummary property(std::string id, std::string name, std::uint64_t evaluated) {
  run::PropertySummary made;
  made.id = std::move(id);
  made.name = std::move(name);
  made.evaluated = evaluated;
  return made;
}

}  // namespace

run::RunRecord lost_event() {
  run::RunRecord record;
  record.scenario = "crash_storm";
  record.seed = 187;
  record.verdict = run::Verdict::kFail;
  record.fingerprint = 0x8c2e51d0a97f3344;
  record.plan = 0x3fa9c41e127be1d4;
  record.violation = run::Objection{
      .property = "DUR-1",
      .name = "acked_is_durable",
      .signature = "DUR-1/lost",
      .claim = "Every acknowledged event is in the stream at the end, unless truncated.",
      .seen = "orders/0 ends at 0: k3#1 was acknowledged at 0..16, yet no read returns it",
      .expected = "k3#1 at 0..16",
      .evidence = {at(41, 7, 1'204), at(48, 9, 1'209)},
      .at = at(94, 21, 9'002)};
  record.consequences.push_back({.property = "VIS-1",
                                 .name = "read_your_ack",
                                 .signature = "VIS-1/missing",
                                 .claim = "",
                                 .seen = "",
                                 .expected = "",
                                 .evidence = {},
                                 .at = at(94, 21, 9'002)});
  std::vector<TraceLine>& trace = record.trace;
  trace.push_back(line(at(3, 0, 0), NoteKind::kMachine, "store-1", "boots as segment_store", 0));
  trace.push_back(line(at(20, 0, 300), NoteKind::kFault, "store-2", "PAUSE 20 ms (fault 4)", 0));
  trace.push_back(line(at(41, 7, 1'204), NoteKind::kHistory, "writer-1",
                       "append_invoked uid=17 writer=writer-1 key=3 sequence=1", 12));
  trace.push_back(between(at(41, 0, 1'204), NoteKind::kSend, "writer-1", "store-1",
                          "append_block k3#1, 16 B at 0", 12));
  trace.push_back(between(at(42, 0, 1'205), NoteKind::kDeliver, "store-1", "writer-1",
                          "append_block k3#1, 16 B at 0", 12));
  trace.push_back(line(at(44, 0, 1'206), NoteKind::kDisk, "store-1",
                       "log.0: 32 B written at 0, not yet synced", 12));
  trace.push_back(between(at(45, 0, 1'206), NoteKind::kSend, "store-1", "writer-1",
                          "appended k3#1, length 16", 12));
  trace.push_back(line(at(48, 9, 1'209), NoteKind::kHistory, "writer-1",
                       "append_acked uid=17 segment=orders/0 offset=0 end=16", 12));
  trace.push_back(line(at(49, 0, 1'209), NoteKind::kFault, "store-1",
                       "POWER LOSS 400 ms (fault 1: at mark append.acked, 1st)", 0));
  trace.push_back(line(at(49, 0, 1'209), NoteKind::kFault, "store-1",
                       "log.0 sector 1 dropped, never synced", 0));
  add_bustle(trace, 50, 12);
  trace.push_back(line(at(63, 11, 1'655), NoteKind::kHistory, "store-1",
                       "segment_recovered segment=orders/0 length=0", 0));
  add_bustle(trace, 64, 28);
  trace.push_back(line(at(94, 21, 9'002), NoteKind::kHistory, "reader-1",
                       "segment_read_to_end segment=orders/0 length=0", 31));
  return record;
}

FailureContext lost_event_context() {
  return {
      .group_seeds = 3,
      .seeds = 200,
      .is_new = true,
      .build = {.version = "0.3.0",
                .commit = "4f2a91c",
                .is_dirty = false,
                .compiler = "g++-12",
                .preset = "release",
                .sanitizer = ""},
      .replay_command = "millrace replay millrace-out/latest/failures/DUR-1-4e956e3a.repro.json",
      .seed_command = "millrace run crash_storm --seed 187 --set segment_store.frame_bytes=64"};
}

run::RunRecord failed_check() {
  run::RunRecord record;
  record.scenario = "disk_damage";
  record.seed = 12;
  record.verdict = run::Verdict::kFail;
  record.fingerprint = 0x11;
  record.plan = 0x22;
  run::Breakdown breakdown;
  breakdown.signature = "check/log_files:frames of one file follow each other";
  breakdown.what =
      "CHECK(frame.sequence == next_) failed: frames of one file follow each other (9 == 8), at "
      "system/wal/log_files.cc:212";
  breakdown.machine = "store-1";
  breakdown.role = "segment_store";
  breakdown.task = "container-0/recovery";
  breakdown.at = at(1'702, 88, 4'310);
  record.breakdown = std::move(breakdown);
  std::vector<TraceLine>& trace = record.trace;
  trace.push_back(line(at(1'650, 0, 4'100), NoteKind::kFault, "store-1",
                       "POWER LOSS 200 ms (fault 2: at 4.1 s)", 0));
  trace.push_back(
      line(at(1'690, 0, 4'300), NoteKind::kMachine, "store-1", "boots as segment_store", 0));
  trace.push_back(between(at(1'701, 0, 4'305), NoteKind::kSend, "writer-1", "store-2",
                          "append_block, 16 B", 4));
  return record;
}

run::RunRecord crash() {
  run::RunRecord record;
  record.scenario = "everything";
  record.seed = 4'711;
  record.verdict = run::Verdict::kCrash;
  run::Breakdown breakdown;
  breakdown.signature = "crash/heap-use-after-free/segment_store/flusher";
  breakdown.what =
      "SUMMARY: AddressSanitizer: heap-use-after-free system/segment_store/container.cc:88 in "
      "millrace::segment_store::Container::flush(millrace::Instant)";
  breakdown.machine = "store-2";
  breakdown.role = "segment_store";
  breakdown.task = "container-3/flusher";
  breakdown.at = at(8'812, 0, 12'044);
  for (int depth = 0; depth < 12; ++depth) {
    breakdown.frames.push_back("millrace::segment_store::Container::step_" + std::to_string(depth) +
                               "(std::span<std::byte const, 18446744073709551615ul>, "
                               "millrace::Instant) +0x1a4");
  }
  record.breakdown = std::move(breakdown);
  return record;
}

run::RunRecord hostile() {
  run::RunRecord record = lost_event();
  record.scenario = "bad\x1b[31m";
  record.violation->seen = "k\x07\n#1 is \xE2\x80\xAEgone\xFF of " + std::string(200, 'k');
  record.violation->expected = "\xE6\xB5\x81 of \xC3\xA9v\xC3\xA9nements";
  for (TraceLine& shown : record.trace) {
    if (shown.kind == NoteKind::kSend) shown.text = std::string(300, 'x') + "\r\x1b[2J";
  }
  record.trace.back().machine = "reader-" + std::string(60, '9');
  record.trace.back().text = "segment=" + std::string(150, 's') + " \xE6\xB5\x81\xE6\xB5\x81 end";
  return record;
}

run::CampaignSummary green_campaign() {
  run::CampaignSummary summary;
  summary.seeds = 400;
  summary.passed = 400;
  summary.scenarios = {scenario("quickstart", 200, 41'880, 1'204, 7'980),
                       scenario("crash_storm", 200, 96'412, 8'330, 12'000)};
  summary.properties = {property("DUR-1", "acked_is_durable", 90'000),
                        property("SEG-2", "truncation_stays", 212),
                        property("DET-1", "determinism", 4)};
  summary.faults = {
      {.kind = "disk.torn_write", .planned = 80, .fired = 70, .refused = 0, .took_effect = 44}};
  summary.marks = {{"append.acked", 9'000}, {"container.recovered", 77}};
  summary.situations = {{"unsynced_data_lost", 4},
                        {"frame_on_old_connection", 2},
                        {"reply_lost", 9},
                        {"accepted_never_served", 1}};
  summary.canary = {.has_run = true, .tried = 10, .caught = 8, .scenario = "quickstart", .seed = 1};
  summary.determinism.checks = 4;
  summary.events = 22'000'000;
  summary.virtual_ns = 19'980'000 * kMillisecond;
  summary.wall_ns = 19'600 * kMillisecond;
  summary.peak_rss_kib = 59'500;
  return summary;
}

run::CampaignSummary red_campaign() {
  run::CampaignSummary summary = green_campaign();
  summary.seeds = 1'400;
  summary.passed = 1'395;
  summary.failed = 3;
  summary.hung = 1;
  summary.inconclusive = 1;
  summary.scenarios.push_back(scenario("slow_everything", 1'000, 61'007, 2'118, 360'000));
  summary.scenarios[1].passed = 197;
  summary.scenarios[1].failed = 3;
  summary.scenarios[2].passed = 998;
  summary.scenarios[2].failed = 1;
  summary.scenarios[2].inconclusive = 1;
  summary.scenarios[2].faults_fired = 0;
  summary.scenarios[2].reasons = {"--seed 131: 812 acknowledged operations, floor 1000"};
  run::FailureGroup lost;
  lost.signature = "DUR-1/lost";
  lost.property = "DUR-1";
  lost.name = "acked_is_durable";
  lost.scenario = "crash_storm";
  lost.count = 3;
  lost.strategies = {{"pct", 2}, {"random", 1}};
  lost.cheapest_seed = 187;
  lost.record = lost_event();
  lost.repro = "millrace-out/latest/failures/DUR-1-4e956e3a.repro.json";
  lost.size.operations = 1'204;
  lost.size.faults = 1;
  run::FailureGroup hung;
  hung.signature = "hang/segment_store/flusher";
  hung.property = "hang";
  hung.scenario = "slow_everything";
  hung.count = 1;
  hung.strategies = {{"pos", 1}};
  hung.cheapest_seed = 4;
  hung.size.operations = 400;
  hung.size.faults = 12;
  summary.groups = {lost, hung};
  summary.properties.push_back(property("APP-2", "conditional_append", 0));
  summary.properties.push_back(property("VIS-1", "read_your_ack", 0));
  summary.properties.back().is_skipped = true;
  summary.faults.push_back(
      {.kind = "disk.stale_read", .planned = 14, .fired = 14, .refused = 0, .took_effect = 0});
  for (const char* mark : {"wal.torn_tail", "segment.truncate_race", "wal.roll", "client.fenced",
                           "container.replay", "server.busy", "server.late"}) {
    summary.marks[mark] = 0;
  }
  summary.situations.erase("reply_lost");
  summary.inconclusive_reasons = {
      "fault kind disk.stale_read was planned 14 times and never took effect"};
  summary.wall_ns = 69'000 * kMillisecond;
  return summary;
}

}  // namespace millrace::reports::testing
