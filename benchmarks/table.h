#pragma once

// Rows as JSON for programs and as a table for people.

#include <string>
#include <vector>

#include "benchmarks/rows.h"

namespace millrace::benchmarks {

/// `{"rows":[{"name","value","unit","peer","peer_value","ratio"}]}`; what stands beside a value
/// follows in its row under keys of its own. Null where a row has no peer.
std::string to_json(const std::vector<Row>& rows);

/// At most 80 columns wide; marks what falls short and repeats it in words below.
std::string table_head();
std::string table_line(const Row& row);
std::string table_foot(const std::vector<Row>& rows);

}  // namespace millrace::benchmarks
