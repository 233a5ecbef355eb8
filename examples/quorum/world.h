#pragma once

// The world of the registers: replicas, users, what must hold, and the scenarios.

#include <millrace/main.h>

namespace quorum {

void world(millrace::Registry& registry);

}  // namespace quorum
