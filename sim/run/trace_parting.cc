#include "sim/run/trace_parting.h"

namespace millrace::run {
namespace {

bool is_same(const TraceLine& a, const TraceLine& b) {
  return a.ordinal == b.ordinal && a.time_ns == b.time_ns && a.kind == b.kind &&
         a.machine == b.machine && a.text == b.text;
}

}  // namespace

TraceParting find_parting(const std::vector<TraceLine>& here, const std::vector<TraceLine>& there) {
  TraceParting at;
  while (at.here < here.size() && at.there < there.size()) {
    // Where a bound has cut off the beginning of one, the other waits for it.
    if (here[at.here].number < there[at.there].number) {
      ++at.here;
    } else if (here[at.here].number > there[at.there].number) {
      ++at.there;
    } else if (is_same(here[at.here], there[at.there])) {
      ++at.here;
      ++at.there;
    } else {
      break;
    }
  }
  return at;
}

}  // namespace millrace::run
