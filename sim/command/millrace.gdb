# What `--break` gives gdb. Tasks are fibers of one thread, so gdb alone sees only the one that runs.
#
#   info millrace-tasks [WORD]   every task with its stack; only those whose line has WORD
#   millrace-where               event, virtual time, machine and task
#   millrace-step                go on to where the task that comes next returns to its own code

set pagination off
set confirm off
set breakpoint pending on
set debuginfod enabled off
set print frame-arguments none
# A build names its sources from two folders below the root: run it from the root to see them.
set substitute-path ../.. .

python
import gdb

# Boost.Context 1.74 and later, System V ABI on x86-64: what jump_fcontext leaves on the stack.
SAVED = {"r12": 8, "r13": 16, "r14": 24, "r15": 32, "rbx": 40, "rbp": 48, "rip": 56}
SAVED_BYTES = 64
# What lies above and between the frames of a system: by function, and by file.
NOT_OF_THE_SYSTEM = ("millrace::sim::", "jump_fcontext", "boost::context::", "std::")
NOT_FILES_OF_THE_SYSTEM = ("sim/devices/", "sim/kernel/", "sim/fiber/", "/include/c++/")
FRAMES_MAX = 64
NAME_MAX = 90


def call(name, result, *arguments):
    """Calls a C function of the program, which has no types in a release build."""
    types = ",".join(["unsigned long"] * len(arguments)) or "void"
    values = ",".join(str(argument) for argument in arguments)
    return gdb.parse_and_eval(f"(({result}(*)({types})){name})({values})")


def text(value):
    return value.string() if int(value) != 0 else None


class Registers:
    """Lends the debugger the registers of a waiting task."""

    def __init__(self, address):
        self.address = address

    def __enter__(self):
        word = gdb.lookup_type("unsigned long").pointer()
        gdb.newest_frame().select()
        names = list(SAVED) + ["rsp"]
        self.kept = {name: int(gdb.parse_and_eval(f"(unsigned long)${name}")) for name in names}
        for name, offset in SAVED.items():
            value = int(gdb.Value(self.address + offset).cast(word).dereference())
            self.set(name, value)
        self.set("rsp", self.address + SAVED_BYTES)

    def __exit__(self, *_):
        gdb.newest_frame().select()
        for name, value in self.kept.items():
            self.set(name, value)

    @staticmethod
    def set(name, value):
        gdb.execute(f"set var ${name} = {value}", to_string=True)


def file_of(frame):
    place = frame.find_sal()
    return place.symtab.filename.replace("../../", "") if place.symtab is not None else ""


def is_of_system(frame):
    if (frame.name() or "").startswith(NOT_OF_THE_SYSTEM):
        return False
    return not any(part in file_of(frame) for part in NOT_FILES_OF_THE_SYSTEM)


def frames_of_system():
    """The frames of the selected task but for the simulator's and the library's, innermost first."""
    frames = []
    frame = gdb.newest_frame()
    while frame is not None and len(frames) < FRAMES_MAX:
        name = frame.name() or "?"
        if "FiberSwitch::enter" in name or "World::task_main" in name:
            break
        if is_of_system(frame):
            frames.append(frame)
        try:
            frame = frame.older()
        except gdb.error:
            break
    return frames


def described(number, frame):
    name = frame.name() or "?"
    if len(name) > NAME_MAX:
        name = name[: NAME_MAX - 3] + "..."
    file = file_of(frame)
    return f"      #{number:<2} {name}" + (f"  {file}:{frame.find_sal().line}" if file else "")


class Tasks(gdb.Command):
    """Every task of the simulated world with its stack. An argument shows only tasks whose line has it."""

    def __init__(self):
        super().__init__("info millrace-tasks", gdb.COMMAND_STATUS)

    def invoke(self, argument, _):
        index = 0
        next_task = -1
        while True:
            line = text(call("millrace_task", "const char*", index))
            if index == 0:
                next_task = int(call("millrace_next_task", "long"))
            if line is None:
                break
            if argument in line:
                self.show(index, line, index == next_task)
            index += 1
        if index == 0:
            print("no world runs here")

    @staticmethod
    def show(index, line, is_next):
        print(("=> " if is_next else "   ") + line)
        address = int(call("millrace_task_registers", "unsigned long", index))
        if address == 0:
            shown = [described(n, frame) for n, frame in enumerate(frames_of_system())]
        else:
            with Registers(address):
                shown = [described(n, frame) for n, frame in enumerate(frames_of_system())]
        print("\n".join(shown) if shown else "      has not begun")


class Where(gdb.Command):
    """Event, virtual time, machine and task."""

    def __init__(self):
        super().__init__("millrace-where", gdb.COMMAND_STATUS)

    def invoke(self, *_):
        print(text(call("millrace_place", "const char*")) or "no world runs here")


class Step(gdb.Command):
    """Goes on to where the task that comes next returns to its own code."""

    def __init__(self):
        super().__init__("millrace-step", gdb.COMMAND_RUNNING)

    def invoke(self, *_):
        call("millrace_task", "const char*", 0)
        index = int(call("millrace_next_task", "long"))
        if index < 0:
            print("no task comes next: an event of a device or of the plan does")
            return
        address = int(call("millrace_task_registers", "unsigned long", index))
        with Registers(address):
            own = [frame.pc() for frame in frames_of_system()]
        if not own:
            print("that task has not begun: set a breakpoint in what it runs")
            return
        gdb.execute(f"tbreak *{own[0]}", to_string=True)
        gdb.execute("continue")


Tasks()
Where()
Step()
end

break millrace_stopped
commands
  silent
  millrace-where
end
