// The toy world of the harness's own tests, for this program, too.
#include "tests/sim/run/toy_world.cc"  // NOLINT(bugprone-suspicious-include)
