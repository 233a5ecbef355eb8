#include "reports/plan_text.h"

#include <fmt/format.h>

namespace millrace::reports {

std::string operation_text(const run::PlanClient& client, const run::PlanOperation& planned) {
  return fmt::format("{} of {}", planned.operation.kind, client.name);
}

std::string arguments_text(const run::Operation& operation) {
  std::string text;
  for (const auto& [name, value] : operation.arguments) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

std::string moment_of(const run::PlanOperation& planned) {
  std::string text;
  if (planned.not_before > Duration{}) text = "at " + sim::rough_text(planned.not_before);
  if (planned.after.has_value()) {
    text += fmt::format("{}after operation {}", text.empty() ? "" : " ", *planned.after);
  }
  return text;
}

}  // namespace millrace::reports
