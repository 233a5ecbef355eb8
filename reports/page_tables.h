#pragma once

// The tables of a run's page: texts and machines, which all other parts of the page's object name
// by their index (docs/formats/report.md).

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/plan.h"

namespace millrace::reports {

using PageJson = nlohmann::ordered_json;

/// What a page says once and names by its index.
class PageTables {
 public:
  explicit PageTables(const run::Plan& plan);

  /// Index of a text; the empty one has 0.
  std::int64_t text(std::string_view text);
  /// Index of a machine; -1 where the name is empty or unknown.
  std::int64_t machine(std::string_view name) const;

  PageJson strings_json() const;
  /// Servers first, in the plan's order.
  const PageJson& machines_json() const { return *machines_; }
  PageTables(const PageTables&) = delete;
  PageTables& operator=(const PageTables&) = delete;
  ~PageTables();

 private:
  void add_machine(std::string_view name, std::string_view role, std::string_view kind,
                   std::string_view zone);

  std::vector<std::string> strings_;
  std::map<std::string, std::int64_t, std::less<>> texts_;
  std::map<std::string, std::int64_t, std::less<>> places_;
  std::unique_ptr<PageJson> machines_;
};

}  // namespace millrace::reports
