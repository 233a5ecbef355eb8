#pragma once

// The Directory of a plan: what processes may know of the deployment.

#include <map>
#include <string>
#include <vector>

#include "sim/run/client.h"
#include "sim/run/plan.h"

namespace millrace::run {

class PlanDirectory final : public Directory {
 public:
  /// The plan outlives the directory.
  explicit PlanDirectory(const Plan& plan) : settings_(plan.settings) {
    for (const PlanMachine& machine : plan.machines)
      machines_[machine.role].push_back(machine.name);
  }

  std::span<const std::string> machines(std::string_view role) const override {
    const auto found = machines_.find(role);
    if (found == machines_.end()) return {};
    return found->second;
  }
  const std::map<std::string, std::string, std::less<>>& settings() const override {
    return settings_;
  }

 private:
  const std::map<std::string, std::string, std::less<>>& settings_;
  std::map<std::string, std::vector<std::string>, std::less<>> machines_;
};

}  // namespace millrace::run
