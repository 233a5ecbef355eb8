#pragma once

// A journal that remembers what it was told.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "system/env/journal.h"

namespace millrace {

/// Keeps marks and the names of facts, in order.
class RecordingJournal final : public Journal {
 public:
  void mark(std::string_view name) override { marks.emplace_back(name); }
  void record(const FactView& fact) override { facts.emplace_back(fact.name); }

  bool has_mark(std::string_view name) const { return std::ranges::count(marks, name) > 0; }
  bool has_fact(std::string_view name) const { return std::ranges::count(facts, name) > 0; }

  std::vector<std::string> marks;
  std::vector<std::string> facts;
};

}  // namespace millrace
