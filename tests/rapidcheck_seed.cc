// RapidCheck draws another seed in every process. A test must give the same today and tomorrow, so
// here it gets one, unless RC_PARAMS says what it should be. CONTRIBUTING.md tells how to use that.

#include <cstdlib>

namespace millrace {
namespace {

[[gnu::constructor]] void choose_seed() {
  constexpr int kKeepWhatIsSet = 0;
  setenv("RC_PARAMS", "seed=20240607", kKeepWhatIsSet);
}

}  // namespace
}  // namespace millrace
