#pragma once

// A probe measures one thing, in a process of its own: this program again, or a peer's.
//
// So every measurement starts from the same state, whatever ran before it, a peer keeps its own
// allocator, and what a process cannot take back (its peak of memory, its start) can be measured.
// A probe prints lines "KEY VALUE" to stdout and ends with status 0.

#include <expected>
#include <map>
#include <string>
#include <vector>

namespace millrace::benchmarks {

/// What a probe measured, by key.
using Values = std::map<std::string, double, std::less<>>;

/// Runs a program with these arguments and reads what it prints. Blocks until it ends. The error
/// says in words what went wrong.
std::expected<Values, std::string> run_probe(const std::string& program,
                                             const std::vector<std::string>& arguments);

/// Prints values in the form that run_probe() reads.
void print_values(const Values& values);

/// CPU time of this process so far, in seconds: what other programs do on the machine is not in it,
/// but for what they do to its caches and its clock rate.
double cpu_seconds();

/// A monotonic clock that all processes of the machine share, in seconds.
double shared_clock_seconds();

/// Bytes of this process that are in memory now, and at most so far.
double resident_bytes();
double peak_resident_bytes();

}  // namespace millrace::benchmarks
