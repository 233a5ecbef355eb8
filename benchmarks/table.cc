#include "benchmarks/table.h"

#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace millrace::benchmarks {
namespace {

/// Three digits that count, with a prefix: "1.86 M", "332 k", "12.4".
std::string amount(double value) {
  struct Prefix {
    double factor;
    const char* name;
  };
  constexpr std::array<Prefix, 3> kPrefixes{{{1e6, " M"}, {1e4, " k"}, {1, ""}}};
  for (const Prefix& prefix : kPrefixes) {
    const double shown = prefix.factor == 1e4 ? value / 1e3 : value / prefix.factor;
    if (value < prefix.factor && prefix.factor != 1) continue;
    const int decimals = shown >= 100 ? 0 : shown >= 10 ? 1 : 2;
    return fmt::format("{:.{}f}{}", shown, decimals, prefix.name);
  }
  return {};
}

std::string bound_text(const Bound& bound) {
  return fmt::format("{} {}", bound.sense == Sense::kAtLeast ? ">=" : "<=",
                     fmt::format("{:g}{}", bound.value >= 1e6 ? bound.value / 1e6 : bound.value,
                                 bound.value >= 1e6 ? " M" : ""));
}

bool falls_short(const Row& row) { return !row.target.holds(row.value); }

bool ratio_falls_short(const Row& row) {
  return row.ratio.has_value() && row.ratio_target.has_value() &&
         !row.ratio_target->holds(*row.ratio);
}

const char* mark(bool is_short) { return is_short ? "!" : " "; }

}  // namespace

std::string to_json(const std::vector<Row>& rows) {
  using Json = nlohmann::ordered_json;
  const auto or_null = [](const std::optional<double>& value) {
    return value.has_value() ? Json(*value) : Json(nullptr);
  };
  Json out = Json::array();
  for (const Row& row : rows) {
    Json json{{"name", row.name},
              {"value", row.value},
              {"unit", row.unit},
              {"peer", row.peer.empty() ? Json(nullptr) : Json(row.peer)},
              {"peer_value", or_null(row.peer_value)},
              {"ratio", or_null(row.ratio)}};
    for (const auto& [key, value] : row.extras) json[key] = value;
    out.push_back(std::move(json));
  }
  return Json{{"rows", std::move(out)}}.dump(2) + "\n";
}

std::string table_head() {
  return fmt::format("{:<20}{:>9}  {:<16}{:<12}{:<8}{}\n", "row", "value", "unit", "target", "peer",
                     "ratio");
}

std::string table_line(const Row& row) {
  std::string line = fmt::format("{:<20}{:>9}{} {:<16}{:<12}", row.name, amount(row.value),
                                 mark(falls_short(row)), row.unit, bound_text(row.target));
  if (row.ratio.has_value()) {
    line += fmt::format("{:<8}{}{} {}", amount(*row.peer_value), amount(*row.ratio),
                        mark(ratio_falls_short(row)),
                        row.ratio_target.has_value() ? bound_text(*row.ratio_target) : "");
  } else if (!row.peer.empty()) {
    line += "none";
  }
  line.erase(line.find_last_not_of(' ') + 1);
  line += '\n';
  for (const auto& [key, value] : row.extras) {
    std::string words = key;
    for (char& c : words) c = c == '_' ? ' ' : c;
    line += fmt::format("{:<20}{:>9}  {}\n", "", amount(value), words);
  }
  if (!row.note.empty()) line += fmt::format("    {}\n", row.note);
  return line;
}

std::string table_foot(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    if (falls_short(row)) {
      text += fmt::format("SHORT  {}: {} {}, should be {}\n", row.name, amount(row.value), row.unit,
                          bound_text(row.target));
    }
    if (ratio_falls_short(row)) {
      text += fmt::format("SHORT  {}: {} times {}, should be {}\n", row.name, amount(*row.ratio),
                          row.peer, bound_text(*row.ratio_target));
    }
  }
  return text.empty() ? "every row is within its target\n" : "\n" + text;
}

}  // namespace millrace::benchmarks
