#pragma once
// Links of the documentation: each relative link in a Markdown file leads to a file that exists,
// and its #part to a heading of that file.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/repo/source_text.h"

namespace millrace::repo {

/// Looks up the text of a file by its path from the repository root; an existing folder has an
/// empty text, and what does not exist has none.
using FileLookup = std::function<std::optional<std::string>(std::string_view path)>;

/// Checks the relative links of one Markdown file. Code blocks and inline code are not looked at.
std::vector<Violation> check_links(const RepositoryFile& file, const FileLookup& lookup);

}  // namespace millrace::repo
