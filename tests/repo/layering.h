#pragma once
// The floors as a table: which folder may include which. The table is the drawing of
// docs/architecture.md; an edge that is not in it is a violation.

#include <vector>

#include "tests/repo/source_text.h"

namespace millrace::repo {

/// Checks every `#include` of one source against the table, and that headers stay light: packages
/// that cost seconds to compile are included by *.cc files only.
std::vector<Violation> check_layering(const RepositoryFile& file);

}  // namespace millrace::repo
