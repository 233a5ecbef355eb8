#include "quorum/world.h"

int main(int argc, char** argv) { return millrace::main(argc, argv, quorum::world); }
