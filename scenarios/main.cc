// The command `millrace`: the harness over the stream store.

#include "sim/command/main.h"

#include "scenarios/store_world.h"

int main(int argc, char** argv) {
  return millrace::main(argc, argv, millrace::scenarios::store_world);
}
