#pragma once

// Edits of a plan that leave it valid: what is taken out takes along what cannot be without it.
//
// A reducer and whoever edits plans by program use these; none of them runs anything.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "sim/run/plan.h"

namespace millrace::run {

/// Takes faults out, with those that wait for one of them: they could never fire.
void remove_faults(Plan& plan, const std::set<std::uint64_t>& ids);

/// Takes operations out. Who followed one of them follows the one before it. An anchor that counts
/// from one of them counts from the one that is due before it, or else next, whoever's it is.
void remove_operations(Plan& plan, const std::set<std::uint64_t>& ids);

/// Takes machines out, servers or clients, with the faults that are about them alone. Groups that
/// become empty go, too, and the others need no more members than they have. A setting that named
/// one of them names the first that is left of its role, or goes.
void remove_machines(Plan& plan, const std::set<std::string, std::less<>>& names);

/// The number of machines, those of clients included.
std::uint64_t machine_count(const Plan& plan);

}  // namespace millrace::run
