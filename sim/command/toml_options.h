#pragma once

// What toml++ is built with here. Included right before <toml++/toml.h>, which is for .cc files.

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0

// Its parser asserts that a key begins behind '[', where a text may just as well end its line; what
// follows the assertion reports that properly. With NDEBUG it would be taken for granted instead.
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
