#include "reports/run_page_plots.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace millrace::reports {
namespace {

using run::TraceField;
using run::TraceLine;

/// A facet with more values than a person can choose from is none.
constexpr std::size_t kFacetValuesMax = 5'000;
constexpr std::size_t kFacetsMax = 8;
/// Points of a plot, and parts of one that has more: each keeps its least and its largest.
constexpr std::size_t kPointsMax = 4'000;
constexpr std::size_t kPlotParts = kPointsMax / 2;
constexpr std::size_t kSeriesMax = 64;

bool is_number(std::string_view value) {
  return !value.empty() && value.find_first_not_of("0123456789.-") == std::string_view::npos;
}

const std::string* field_of(const TraceLine& line, std::string_view name) {
  const auto found = std::ranges::find(line.fields, name, &TraceField::name);
  return found == line.fields.end() ? nullptr : &found->value;
}

/// Whether rows are told apart by such a field: names and ids are, amounts and sentences are not.
bool is_facet(const TraceField& field) {
  if (field.value.empty() || field.value == "true" || field.value == "false") return false;
  const bool names_something = field.name.ends_with("id") || field.name == "key";
  const bool is_sentence = field.value.find(' ') != std::string::npos;
  return names_something || (!is_number(field.value) && !is_sentence);
}

/// Values of one field, by row.
class Facet {
 public:
  explicit Facet(std::size_t rows) : of_(rows, -1) {}

  void set(std::size_t row, const std::string& value) {
    const auto [place, is_new] = places_.try_emplace(value, static_cast<int>(values_.size()));
    if (is_new) values_.push_back(value);
    of_[row] = place->second;
  }
  int at(std::size_t row) const { return of_[row]; }
  void set(std::size_t row, int value) { of_[row] = value; }
  std::size_t size() const { return values_.size(); }

  PageJson json(const std::string& name) const {
    return {{"name", name}, {"values", values_}, {"of", of_}};
  }

 private:
  std::map<std::string, int, std::less<>> places_;
  std::vector<std::string> values_;
  std::vector<int> of_;
};

/// Rows that say nothing of a facet take after those of the same event (uid) or operation.
void hand_on(const PageRows& rows, Facet& facet) {
  std::map<std::string, int, std::less<>> by_uid;
  std::map<std::uint64_t, int> by_operation;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (facet.at(row) < 0) continue;
    const std::string* const uid = field_of(rows[row], "uid");
    if (uid != nullptr) by_uid.try_emplace(*uid, facet.at(row));
    if (rows[row].operation != 0) by_operation.try_emplace(rows[row].operation, facet.at(row));
  }
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (facet.at(row) >= 0) continue;
    const std::string* const uid = field_of(rows[row], "uid");
    const auto same_uid = uid == nullptr ? by_uid.end() : by_uid.find(*uid);
    const auto same_operation = by_operation.find(rows[row].operation);
    if (same_uid != by_uid.end()) {
      facet.set(row, same_uid->second);
    } else if (same_operation != by_operation.end()) {
      facet.set(row, same_operation->second);
    }
  }
}

// --- plots ---

struct Point {
  std::int64_t time_ns = 0;
  std::int64_t value = 0;
};

struct Series {
  std::string name;
  std::string unit;
  std::string label;
  std::vector<Point> points;

  void add(std::int64_t time_ns, std::int64_t value) {
    if (!points.empty() && points.back().time_ns == time_ns) {
      points.back().value = value;
    } else if (points.empty() || points.back().value != value) {
      points.push_back({.time_ns = time_ns, .value = value});
    }
  }

  /// Those that a plot has room for, the last one among them. A peak stays, however short.
  std::vector<Point> shown() const {
    if (points.size() <= kPointsMax) return points;
    std::vector<Point> kept;
    const auto place = [&](std::size_t part) {
      return points.begin() + static_cast<std::ptrdiff_t>(points.size() * part / kPlotParts);
    };
    for (std::size_t part = 0; part < kPlotParts; ++part) {
      const auto [least, largest] =
          std::minmax_element(place(part), place(part + 1),
                              [](const Point& a, const Point& b) { return a.value < b.value; });
      kept.push_back(*std::min(least, largest));
      if (least != largest) kept.push_back(*std::max(least, largest));
    }
    if (kept.back().time_ns != points.back().time_ns) kept.push_back(points.back());
    return kept;
  }

  PageJson json() const {
    PageJson t = PageJson::array();
    PageJson v = PageJson::array();
    for (const Point& point : shown()) {
      t.push_back(point.time_ns);
      v.push_back(point.value);
    }
    return {
        {"name", name}, {"unit", unit}, {"label", label}, {"t", std::move(t)}, {"v", std::move(v)}};
  }
};

using SeriesMap = std::map<std::string, Series, std::less<>>;

void add_unsynced(const PageRows& rows, const run::RunRecord& record, SeriesMap& all) {
  const auto series_of = [&](const std::string& machine) -> Series& {
    return all
        .try_emplace("2 " + machine,
                     Series{.name = "unsynced bytes", .unit = "B", .label = machine, .points = {}})
        .first->second;
  };
  // A machine without power has nothing in its cache.
  std::size_t change = 0;
  const std::vector<run::MachineChange>& changes = record.trace_facts.machines;
  const auto add_losses = [&](std::uint64_t ordinal) {
    for (; change < changes.size() && changes[change].at.ordinal <= ordinal; ++change) {
      const bool is_off = changes[change].life == run::MachineLife::kOff;
      const bool is_known = all.contains("2 " + changes[change].machine);
      if (is_off && is_known) series_of(changes[change].machine).add(changes[change].at.time_ns, 0);
    }
  };
  for (std::size_t row = 0; row < rows.size(); ++row) {
    add_losses(rows[row].ordinal);
    if (rows[row].unsynced_bytes < 0) continue;
    series_of(rows[row].machine).add(rows[row].time_ns, rows[row].unsynced_bytes);
  }
}

bool is_type(const TraceLine& line, std::string_view lower, std::string_view upper) {
  return line.type.ends_with(lower) || line.type.ends_with(upper);
}

/// How many events of the segments that it reads a reader's machine does not have yet.
void add_lags(const PageRows& rows, SeriesMap& all) {
  static const std::string any_segment;
  struct Reader {
    std::set<std::string, std::less<>> segments;
    std::set<std::string, std::less<>> seen;
    std::int64_t lag = 0;
  };
  const auto segment_of = [](const TraceLine& line) -> const std::string& {
    const std::string* const segment = field_of(line, "segment");
    return segment == nullptr ? any_segment : *segment;
  };
  const auto is_read = [](const TraceLine& line) { return is_type(line, "_read", "Read"); };
  std::map<std::string, Reader, std::less<>> readers;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!is_read(rows[row]) || field_of(rows[row], "uid") == nullptr) continue;
    readers[rows[row].machine].segments.insert(segment_of(rows[row]));
  }
  std::set<std::string, std::less<>> acked;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const TraceLine& line = rows[row];
    const std::string* const uid = field_of(line, "uid");
    if (uid == nullptr) continue;
    const bool is_new_ack = is_type(line, "_acked", "Acked") && acked.insert(*uid).second;
    for (auto& [machine, reader] : readers) {
      if (is_new_ack && reader.segments.contains(segment_of(line)) && !reader.seen.contains(*uid)) {
        ++reader.lag;
      } else if (is_read(line) && line.machine == machine && reader.seen.insert(*uid).second &&
                 acked.contains(*uid)) {
        --reader.lag;
      } else {
        continue;
      }
      all.try_emplace(
             "1 " + machine,
             Series{.name = "reader lag", .unit = "events", .label = machine, .points = {}})
          .first->second.add(line.time_ns, reader.lag);
    }
  }
}

void add_loads(const PageRows& rows, SeriesMap& all) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const TraceLine& line = rows[row];
    if (!line.type.ends_with("Load")) continue;
    for (const TraceField& field : line.fields) {
      if (!is_number(field.value) || field.value.size() > 15) continue;
      all.try_emplace("3 " + field.name + " " + line.machine,
                      Series{.name = field.name, .unit = "", .label = line.machine, .points = {}})
          .first->second.add(line.time_ns, std::strtoll(field.value.c_str(), nullptr, 10));
    }
  }
}

}  // namespace

PageJson facets_json(const PageRows& rows) {
  std::map<std::string, Facet, std::less<>> facets;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const TraceField& field : rows[row].fields) {
      if (!is_facet(field)) continue;
      facets.try_emplace(field.name, Facet(rows.size())).first->second.set(row, field.value);
    }
  }
  PageJson list = PageJson::array();
  const auto add = [&](const std::string& name, Facet& facet) {
    if (facet.size() > kFacetValuesMax || list.size() == kFacetsMax) return;
    hand_on(rows, facet);
    list.push_back(facet.json(name));
  };
  // What people look for first comes first.
  constexpr std::string_view kFirst[] = {"segment", "writer"};
  for (const std::string_view name : kFirst) {
    const auto facet = facets.find(name);
    if (facet != facets.end()) add(facet->first, facet->second);
  }
  for (auto& [name, facet] : facets) {
    if (std::ranges::find(kFirst, name) == std::end(kFirst)) add(name, facet);
  }
  return list;
}

PageJson series_json(const PageRows& rows, const run::RunRecord& record) {
  SeriesMap all;
  add_lags(rows, all);
  add_unsynced(rows, record, all);
  add_loads(rows, all);
  PageJson list = PageJson::array();
  for (const auto& [key, series] : all) {
    if (list.size() < kSeriesMax) list.push_back(series.json());
  }
  return list;
}

}  // namespace millrace::reports
