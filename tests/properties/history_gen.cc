#include "tests/properties/history_gen.h"

#include <ostream>
#include <rapidcheck.h>

namespace millrace::properties {
namespace {

// Enough for the rarest deeds to meet; a history shrinks from there.
constexpr int kStepsMax = 200;

/// Numbers in their full range whatever the size, which RapidCheck would narrow in its first cases.
rc::Gen<std::uint32_t> any_number() {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(0, 240));
}

rc::Gen<Step> any_step() {
  const auto deed =
      rc::gen::resize(rc::kNominalSize, rc::gen::weightedElement<Deed>({{14, Deed::kWrite},
                                                                        {6, Deed::kCondition},
                                                                        {7, Deed::kBlock},
                                                                        {2, Deed::kAsk},
                                                                        {5, Deed::kLook},
                                                                        {4, Deed::kRead},
                                                                        {4, Deed::kTruncate},
                                                                        {2, Deed::kSeal},
                                                                        {90, Deed::kGoOn},
                                                                        {3, Deed::kGiveUp},
                                                                        {12, Deed::kFollow},
                                                                        {8, Deed::kReport},
                                                                        {4, Deed::kRestart}}));
  return rc::gen::construct<Step>(deed, any_number(), any_number(), any_number());
}

}  // namespace

rc::Gen<SmallHistory> any_history() {
  return rc::gen::construct<SmallHistory>(
      rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(1, 4)),
      rc::gen::resize(kStepsMax, rc::gen::container<std::vector<Step>>(any_step())));
}

SmallHistory history_of_seed(std::uint64_t seed) {
  return any_history()(rc::Random(seed), rc::kNominalSize).value();
}

std::ostream& operator<<(std::ostream& out, const SmallHistory& history) {
  out << history.segments << " segments\n";
  for (const Step& step : history.steps) out << "  " << step << '\n';
  for (const Recorded& recorded : history.recording()) out << "  " << recorded << '\n';
  return out;
}

}  // namespace millrace::properties
