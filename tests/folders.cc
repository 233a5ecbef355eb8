#include "tests/folders.h"

namespace millrace {

std::string source_folder() { return MILLRACE_SOURCE_DIR; }

std::string build_folder() { return MILLRACE_BINARY_DIR; }

}  // namespace millrace
