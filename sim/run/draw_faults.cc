#include "sim/run/draw_faults.h"

namespace millrace::run {

void draw_faults(const Registry& /*registry*/, const Scenario& scenario, std::uint64_t /*seed*/,
                 Plan& plan) {
  plan.faults.may_exceed_budget = scenario.faults.may_exceed_budget;
}

}  // namespace millrace::run
