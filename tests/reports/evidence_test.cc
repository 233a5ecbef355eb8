#include "reports/evidence.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

#include "tests/reports/sample_records.h"

namespace millrace::reports {
namespace {

using testing::lost_event;

std::string texts(const Evidence& evidence) {
  std::string all;
  for (const EvidenceLine& line : evidence.lines) all += line.line.text + "\n";
  return all;
}

std::size_t count(const Evidence& evidence, EvidenceRole role) {
  return static_cast<std::size_t>(std::ranges::count(evidence.lines, role, &EvidenceLine::role));
}

TEST(Evidence, a_short_form_has_evidence_faults_and_causes_in_order) {
  const Evidence evidence = choose_evidence(lost_event(), kEvidenceLines);

  EXPECT_EQ(evidence.lines.size(), kEvidenceLines);
  EXPECT_EQ(evidence.related_count, 10U);
  EXPECT_EQ(count(evidence, EvidenceRole::kFault), 2U);
  EXPECT_EQ(count(evidence, EvidenceRole::kViolation), 1U);
  EXPECT_EQ(evidence.lines.back().role, EvidenceRole::kViolation);
  EXPECT_TRUE(std::ranges::is_sorted(evidence.lines, {},
                                     [](const EvidenceLine& line) { return line.line.ordinal; }));
}

TEST(Evidence, leaves_out_what_has_nothing_to_do_with_it) {
  const Evidence evidence = choose_evidence(lost_event(), 1'000);

  EXPECT_EQ(evidence.lines.size(), evidence.related_count);
  EXPECT_EQ(texts(evidence).find("64 B"), std::string::npos) << "other operations";
  EXPECT_EQ(texts(evidence).find("PAUSE"), std::string::npos)
      << "a fault before the first evidence";
}

TEST(Evidence, records_that_only_other_properties_see_give_way) {
  run::RunRecord record = lost_event();
  const auto ack =
      std::ranges::find(record.trace, "appended k3#1, length 16", &run::TraceLine::text);
  run::TraceLine fact = *ack;
  fact.kind = sim::NoteKind::kHistory;
  fact.peer.clear();
  fact.text = "StoreLoad connections=9";
  fact.record = 8;
  // Nearer to the evidence than the frames that led to it, and in the same operation's name.
  const auto place = record.trace.insert(ack + 1, 6, fact);
  run::TraceLine& judged = *place;
  judged.text = "SegmentBounds length=16";
  judged.is_judged = true;

  const std::string short_form = texts(choose_evidence(record, kEvidenceLines));

  EXPECT_EQ(short_form.find("StoreLoad"), std::string::npos) << short_form;
  EXPECT_NE(short_form.find("SegmentBounds"), std::string::npos) << short_form;
  EXPECT_NE(texts(choose_evidence(record, 1'000)).find("StoreLoad"), std::string::npos);
}

// A log writes and syncs for many: in nobody's name, and of no subject.
TEST(Evidence, the_work_of_a_disk_beside_it_belongs_to_it) {
  run::RunRecord record = lost_event();
  const auto ack =
      std::ranges::find(record.trace, "appended k3#1, length 16", &run::TraceLine::text);
  run::TraceLine write = *ack;
  write.kind = sim::NoteKind::kDisk;
  write.peer.clear();
  write.operation = 0;
  write.record = 0;
  write.text = "log.0: 173 B written at 0, not yet synced";
  run::TraceLine elsewhere = write;
  elsewhere.machine = "store-9";
  elsewhere.text = "log.7: 9 B written at 0, not yet synced";
  record.trace.insert(ack + 1, {write, elsewhere});

  const std::string all = texts(choose_evidence(record, 1'000));

  EXPECT_NE(all.find("log.0: 173 B"), std::string::npos) << all;
  EXPECT_EQ(all.find("log.7: 9 B"), std::string::npos) << all;
}

TEST(Evidence, many_faults_leave_room_for_causes) {
  run::RunRecord record = lost_event();
  const auto loss = std::ranges::find(record.trace, "log.0 sector 1 dropped, never synced",
                                      &run::TraceLine::text);
  record.trace.insert(loss, 40, run::TraceLine(*loss));

  const Evidence evidence = choose_evidence(record, kEvidenceLines);

  EXPECT_EQ(evidence.related_count, 50U);
  EXPECT_EQ(count(evidence, EvidenceRole::kFault), 2U);
  EXPECT_NE(texts(evidence).find("segment_recovered"), std::string::npos);
}

TEST(Evidence, a_violation_that_no_line_shows_gets_a_line_of_its_own) {
  run::RunRecord record = lost_event();
  record.violation->at.record = 22;
  record.violation->at.ordinal = 99;

  const Evidence evidence = choose_evidence(record, kEvidenceLines);

  EXPECT_EQ(evidence.lines.size(), kEvidenceLines);
  EXPECT_EQ(evidence.lines.back().line.text, "DUR-1 objects");
  EXPECT_EQ(evidence.lines.back().line.ordinal, 99U);
}

TEST(Evidence, a_record_of_the_run_itself_is_shown_by_its_step) {
  run::RunRecord record = lost_event();
  record.violation->evidence = {run::At{.ordinal = 45, .record = 8, .time = {}, .machine = 0}};

  const Evidence evidence = choose_evidence(record, kEvidenceLines);

  EXPECT_NE(texts(evidence).find("appended k3#1"), std::string::npos);
}

TEST(Evidence, nothing_after_the_violation_is_shown) {
  run::RunRecord record = lost_event();
  record.trace.push_back(record.trace.back());
  record.trace.back().ordinal = 200;
  record.trace.back().text = "too late segment=orders/0";

  EXPECT_EQ(texts(choose_evidence(record, 1'000)).find("too late"), std::string::npos);
}

TEST(Evidence, an_untraced_run_has_none) {
  EXPECT_TRUE(choose_evidence(testing::crash(), kEvidenceLines).lines.empty());
  run::RunRecord record = lost_event();
  record.trace.clear();
  EXPECT_TRUE(choose_evidence(record, kEvidenceLines).lines.empty());
  EXPECT_TRUE(choose_evidence(run::RunRecord{}, kEvidenceLines).lines.empty());
}

}  // namespace
}  // namespace millrace::reports
