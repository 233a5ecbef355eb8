#include "reports/page_tables.h"

#include <nlohmann/json.hpp>

namespace millrace::reports {

PageTables::PageTables(const run::Plan& plan)
    : machines_(std::make_unique<PageJson>(PageJson::array())) {
  text("");
  for (const run::PlanMachine& machine : plan.machines) {
    add_machine(machine.name, machine.role, "server", machine.zone);
  }
  for (const run::PlanClient& client : plan.clients) {
    add_machine(client.name, client.workload, "client", "");
  }
}

PageTables::~PageTables() = default;

void PageTables::add_machine(std::string_view name, std::string_view role, std::string_view kind,
                             std::string_view zone) {
  places_.emplace(name, static_cast<std::int64_t>(machines_->size()));
  PageJson machine{{"name", name}, {"role", role}, {"kind", kind}};
  if (!zone.empty()) machine["zone"] = zone;
  machines_->push_back(std::move(machine));
}

std::int64_t PageTables::text(std::string_view text) {
  const auto known = texts_.find(text);
  if (known != texts_.end()) return known->second;
  const auto index = static_cast<std::int64_t>(strings_.size());
  strings_.emplace_back(text);
  texts_.emplace(text, index);
  return index;
}

std::int64_t PageTables::machine(std::string_view name) const {
  const auto place = places_.find(name);
  return place == places_.end() ? -1 : place->second;
}

PageJson PageTables::strings_json() const { return strings_; }

}  // namespace millrace::reports
