// Tests of the properties themselves: histories of a small store without faults, to which none may
// object; and such histories with one thing wrong, to which exactly the right ones object.

#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <ranges>
#include <rapidcheck/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "tests/properties/history_gen.h"
#include "tests/properties/history_mutations.h"

namespace millrace::properties {
namespace {

/// Histories of fixed seeds, over which coverage is counted.
constexpr std::uint64_t kSeeds = 120;
constexpr std::uint64_t kSlipSeeds = 1'000;

using Names = std::set<std::string>;

std::vector<ViolationCase> all_violations() {
  std::vector<ViolationCase> all;
  for (const auto& table : {violations_of_events(), violations_of_appends(), violations_of_bounds(),
                            violations_of_runs()}) {
    all.insert(all.end(), table.begin(), table.end());
  }
  return all;
}

bool has_id(const Ids& ids, std::string_view id) { return std::ranges::find(ids, id) != ids.end(); }

/// One thing wrong with a history, and what is said of it.
struct Wrong {
  Recording recording = {};
  std::size_t site = 0;
  Recorded before = {};  // What stood there.
  Judgement judgement = {};
};

Wrong with_violation(Recording recording, const ViolationCase& violation, std::size_t site) {
  Wrong wrong{.site = site, .before = recording[site]};
  violation.change(recording, site);
  wrong.judgement = judge(recording);
  wrong.recording = std::move(recording);
  return wrong;
}

Wrong with_slip(Recording recording, Slip kind, std::size_t site) {
  Wrong wrong{.site = site, .before = recording[site]};
  slip(recording, kind, site);
  wrong.judgement = judge(recording);
  wrong.recording = std::move(recording);
  return wrong;
}

Ids objectors_to(Slip kind, std::string_view record) {
  for (const SlipCase& row : slip_cases()) {
    if (row.slip == kind && row.record == record) return row.may;
  }
  return {};
}

/// For a failing case: the first properties that object though they may not, or that do not though
/// they must.
std::string mistake_of(const Judgement& judgement, const Ids& must, const Ids& may) {
  const Names objectors = judgement.objectors();
  for (const std::string& id : objectors) {
    if (!has_id(must, id) && !has_id(may, id)) return id + " objects";
  }
  for (const std::string_view id : must) {
    if (!objectors.contains(std::string(id))) return std::string(id) + " does not object";
  }
  return {};
}

void assert_right(const Wrong& wrong, const Ids& must, const Ids& may) {
  const std::string mistake = mistake_of(wrong.judgement, must, may);
  if (!mistake.empty()) RC_LOG() << wrong.site << ": " << wrong.before << '\n';
  RC_ASSERT(mistake == "");
}

// --- RapidCheck's own cases, which it shrinks ---

RC_GTEST_PROP(Histories, of_a_sound_store_meet_no_objection, ()) {
  const SmallHistory history = *any_history();

  RC_ASSERT(judge(history.recording()).objections == Names{});
}

RC_GTEST_PROP(Histories, with_a_violation_meet_the_right_objections, ()) {
  static const std::vector<ViolationCase> violations = all_violations();
  const SmallHistory history = *any_history();
  const auto number = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 1'000'000));
  const ViolationCase& violation = violations[static_cast<std::size_t>(number) % violations.size()];
  const Recording recording = history.recording();
  const Sites sites = violation.sites(recording);
  RC_PRE(!sites.empty());
  RC_LOG() << violation.name << '\n';

  const Wrong wrong =
      with_violation(recording, violation, sites[static_cast<std::size_t>(number) % sites.size()]);

  assert_right(wrong, violation.must, violation.may);
}

RC_GTEST_PROP(Histories, with_a_slip_meet_no_wrong_objection, ()) {
  const SmallHistory history = *any_history();
  const auto kind = static_cast<Slip>(
      *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(0, kSlips)));
  const Recording recording = history.recording();
  const auto number = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 1'000'000));
  const std::size_t site = static_cast<std::size_t>(number) % (recording.size() - 1);

  const Wrong wrong = with_slip(recording, kind, site);

  assert_right(wrong, {}, objectors_to(kind, name_of(wrong.before)));
}

// --- The same over fixed seeds, so that something can be said of all of them together ---

TEST(Histories, let_every_property_compare_something) {
  Names evaluated;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    evaluated.merge(judge(history_of_seed(seed).recording()).evaluated);
  }

  Names all;
  for (const std::string& name : all_classes()) all.insert(name.substr(0, name.find('/')));
  EXPECT_EQ(evaluated, all);
}

// Every class of every property is the objection to some violation, every violation can be made,
// and every entry of its row is needed.
TEST(Histories, show_every_class_of_objection_at_work) {
  const std::vector<ViolationCase> violations = all_violations();
  Names fired;
  std::map<std::string, Names> by_violation;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Recording recording = history_of_seed(seed).recording();
    for (const ViolationCase& violation : violations) {
      const Sites sites = violation.sites(recording);
      if (sites.empty()) continue;
      const std::size_t site = sites[static_cast<std::size_t>(seed) * 7919 % sites.size()];
      const Judgement judgement = with_violation(recording, violation, site).judgement;
      EXPECT_EQ(mistake_of(judgement, violation.must, violation.may), "")
          << violation.name << ", seed " << seed << ", record " << site << ": " << recording[site];
      by_violation[std::string(violation.name)].merge(judgement.objectors());
      fired.insert(judgement.objections.begin(), judgement.objections.end());
    }
  }

  EXPECT_EQ(fired, all_classes());
  for (const ViolationCase& violation : violations) {
    Names row(violation.must.begin(), violation.must.end());
    row.insert(violation.may.begin(), violation.may.end());
    EXPECT_EQ(by_violation[std::string(violation.name)], row) << violation.name;
  }
}

/// Requests that take their effect right before another one does, which is answered first; and
/// quiet moments on both sides of a restart. They are too rare to wait for.
Recording rare_meetings() {
  const auto go_on = [](std::uint32_t which) {
    return Step{.deed = Deed::kGoOn, .which = which, .how = 1};
  };
  const Step write{.deed = Deed::kWrite};
  const Step look{.deed = Deed::kLook};
  const Step quiet{.deed = Deed::kReport, .how = 3};
  const Step restart{.deed = Deed::kRestart};
  const std::vector<Step> steps{// An event is stored, and truncated right after a look.
                                write,
                                go_on(0),
                                go_on(0),
                                {.deed = Deed::kTruncate},
                                look,
                                go_on(1),
                                go_on(0),
                                go_on(0),
                                go_on(0),
                                // The second one right after it was read.
                                write,
                                go_on(0),
                                go_on(0),
                                {.deed = Deed::kTruncate, .how = 1},
                                {.deed = Deed::kRead, .how = 1},
                                go_on(1),
                                go_on(0),
                                go_on(0),
                                go_on(0),
                                // A third one is stored between two looks.
                                write,
                                look,
                                look,
                                go_on(2),
                                go_on(0),
                                go_on(1),
                                go_on(1),
                                go_on(0),
                                go_on(0),
                                // The seal right after a look.
                                {.deed = Deed::kSeal},
                                look,
                                go_on(1),
                                go_on(0),
                                go_on(0),
                                go_on(0),
                                // The third boot has more tasks than the second one.
                                quiet,
                                restart,
                                quiet,
                                restart,
                                quiet};
  return recording_of(steps, 1);
}

/// Whom the table allows to object to a slip, and nobody has yet.
struct Awaited {
  SlipCase row;
  Names missing;
};

std::vector<Awaited> all_awaited() {
  std::vector<Awaited> all;
  for (const SlipCase& row : slip_cases()) {
    all.push_back({.row = row, .missing = Names(row.may.begin(), row.may.end())});
  }
  return all;
}

// Each objection that the table of slips allows is made to some slip, so it allows no more than
// there has to be.
TEST(Histories, need_every_objection_that_a_slip_may_meet) {
  EXPECT_EQ(judge(rare_meetings()).objections, Names{});
  std::vector<Awaited> awaited = all_awaited();
  for (std::uint64_t seed = 0; seed <= kSlipSeeds && !awaited.empty(); ++seed) {
    const Recording recording = seed == 0 ? rare_meetings() : history_of_seed(seed).recording();
    for (auto& [row, missing] : awaited) {
      for (std::size_t site = 0; site + 1 < recording.size() && !missing.empty(); ++site) {
        if (name_of(recording[site]) != row.record) continue;
        const Judgement judgement = with_slip(recording, row.slip, site).judgement;
        for (const std::string& id : judgement.objectors()) missing.erase(id);
      }
    }
    std::erase_if(awaited, [](const Awaited& row) { return row.missing.empty(); });
  }

  for (const auto& [row, missing] : awaited) {
    EXPECT_EQ(missing, Names{}) << row.record << ", slip " << static_cast<int>(row.slip);
  }
}

}  // namespace
}  // namespace millrace::properties
