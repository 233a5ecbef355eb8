#include "sim/command/main.h"

#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "sim/command/command.h"
#include "sim/command/console.h"
#include "system/base/check.h"

namespace millrace {

int main(int argc, char** argv, void (*world)(Registry& registry)) {
  // A reader that goes away is told by the failing write, which Console takes for what it is.
  CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR, "SIGPIPE can be ignored");
  const std::string program = argc > 0 ? argv[0] : "millrace";
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) arguments.emplace_back(argv[i]);
  command::Console console(STDOUT_FILENO, STDERR_FILENO);
  return command::run_command(program, arguments, world, console);
}

}  // namespace millrace
