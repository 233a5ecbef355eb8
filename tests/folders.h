#pragma once

// Where this checkout and its build lie, for tests that read the repository or start its programs.

#include <string>

namespace millrace {

/// The repository's root, without a slash at the end.
std::string source_folder();

/// The folder in which this build's programs lie, without a slash at the end.
std::string build_folder();

}  // namespace millrace
