#pragma once

// What a debugger sees of a run: where it stops, and each task with its stack.
//
// Tasks are fibers of one thread, so a debugger knows only the one that runs. The functions here
// tell the script sim/command/millrace.gdb of the others. They have C names and take and give plain
// values: a release build has no types for a debugger, but it has these symbols.

#include <cstddef>

namespace millrace::sim {
class World;
}  // namespace millrace::sim

namespace millrace::run {

/// Passes millrace_stopped(), where the script stops. The world stands after an event was taken and
/// before a task that it woke runs. Nothing of the run changes.
void stop_for_debugger(const sim::World& world);

}  // namespace millrace::run

extern "C" {

/// Here a run stops for a debugger. Does nothing.
void millrace_stopped();

/// Event, virtual time, machine and task of the world that stopped or runs: one line. Valid until
/// the next call. Empty where there is none.
const char* millrace_place();

/// A line on the `index`-th task of all, from 0: its machine, role, boot and name, and what it
/// waits for; null behind the last. Valid until the next call; a call with 0 counts the tasks anew.
const char* millrace_task(std::size_t index);

/// Where the registers of that task lie on its stack, as Boost.Context left them; null for the task
/// that runs. Only after a millrace_task(0).
const void* millrace_task_registers(std::size_t index);

/// The number of the task whose step comes next, or -1.
long millrace_next_task();
}
