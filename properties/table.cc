#include "properties/table.h"

#include <xxhash.h>

namespace millrace::properties {

std::uint64_t hash_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

}  // namespace millrace::properties
