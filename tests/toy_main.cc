// The toy world as a program of its own, for tests that need a second build or a second process.

#include "sim/command/main.h"
#include "tests/sim/command/toy_scenarios.h"

int main(int argc, char** argv) {
  return millrace::main(argc, argv, millrace::command::toy_registry);
}
