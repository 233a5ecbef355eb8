#pragma once

// The rows: what each measures, beside which peer, and what it should be.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/probe.h"

namespace millrace::benchmarks {

/// Whether more or less of a value is better.
enum class Sense : std::uint8_t { kAtLeast, kAtMost };

struct Bound {
  Sense sense = Sense::kAtLeast;
  double value = 0;

  bool holds(double measured) const {
    return sense == Sense::kAtLeast ? measured >= value : measured <= value;
  }
};

/// A measured row.
struct Row {
  std::string name;
  double value = 0;
  std::string unit = {};
  Bound target = {};
  /// Empty where the row has no peer.
  std::string peer = {};
  std::optional<double> peer_value = {};
  /// Ours to the peer's, and what it should be.
  std::optional<double> ratio = {};
  std::optional<Bound> ratio_target = {};
  /// What stands beside the value.
  Values extras = {};
  /// What a reader of the table has to know, in a few words.
  std::string note = {};
};

/// How much work the measurements do.
struct Effort {
  /// Divides the work of a probe.
  std::int64_t scale = 1;
  /// How often each probe runs; ours and the peer's in turn. The best of each counts: other
  /// programs on the machine only ever make a probe slower.
  std::uint32_t rounds = 5;
};

/// Measures a row. The error says in words why it cannot be measured.
using Measure = std::expected<Row, std::string> (*)(const Effort& effort);

struct RowMaker {
  std::string_view name;
  Measure measure;
};

/// All rows, in the order in which they are printed.
const std::vector<RowMaker>& row_makers();

/// The probe of this program with this name; null where there is none.
using Probe = Values (*)(std::int64_t scale);
Probe find_probe(std::string_view name);

}  // namespace millrace::benchmarks
