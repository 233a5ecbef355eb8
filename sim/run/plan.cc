#include "sim/run/plan.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "system/base/draws.h"

namespace millrace::run {
namespace {

using sim::mix;

}  // namespace

PlanDraws::PlanDraws(std::uint64_t seed, Duration run_for, std::string_view path)
    : key_(mix(mix(0x706C616E, seed), sim::hash_name(path))), run_for_(run_for) {}

std::uint64_t PlanDraws::bits(std::string_view name, std::uint64_t index) const {
  return mix(mix(key_, sim::hash_name(name)), index);
}

std::int64_t PlanDraws::between(std::string_view name, std::uint64_t index, std::int64_t low,
                                std::int64_t high) const {
  return uniform_between(bits(name, index), low, high);
}

std::int64_t PlanDraws::log_uniform(std::string_view name, std::uint64_t index, std::int64_t low,
                                    std::int64_t high) const {
  return log_uniform_between(bits(name, index), low, high);
}

bool PlanDraws::hit(std::string_view name, std::uint64_t index, Ratio ratio) const {
  return ratio.hit(bits(name, index));
}

std::int64_t PlanDraws::from(std::string_view name, std::uint64_t index, const Range& range) const {
  if (range.choices.empty()) return between(name, index, range.low, range.high);
  const std::uint64_t chosen = uniform_below(bits(name, index), range.choices.size());
  return range.choices[static_cast<std::size_t>(chosen)];
}

PlanDraws PlanDraws::below(std::string_view name) const {
  return PlanDraws(mix(key_, sim::hash_name(name)), run_for_);
}

void PlanDraws::add_operation(PlanClient& client, std::string kind, Duration not_before,
                              std::vector<std::pair<std::string, std::int64_t>> arguments) const {
  // Each name occurs once.
  std::ranges::sort(arguments, {}, &std::pair<std::string, std::int64_t>::first);
  client.operations.push_back(
      {.operation = {.id = 0, .kind = std::move(kind), .arguments = std::move(arguments)},
       .not_before = not_before,
       .after = {}});
}

sim::Deployment deployment_of(const Plan& plan) {
  sim::Deployment deployment;
  for (const PlanMachine& machine : plan.machines) {
    deployment.machines.push_back(
        {.name = machine.name, .role = machine.role, .zone = machine.zone});
  }
  for (const PlanClient& client : plan.clients) {
    deployment.machines.push_back({.name = client.name, .role = client.workload, .zone = {}});
    deployment.clients.push_back(client.name);
  }
  deployment.groups = plan.groups;
  return deployment;
}

std::string hex16(std::uint64_t value) { return fmt::format("{:016x}", value); }

std::optional<std::uint64_t> number_of_hex16(std::string_view digits) {
  std::uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [read_to, error] = std::from_chars(digits.data(), end, value, 16);
  if (digits.size() != 16 || error != std::errc{} || read_to != end) return std::nullopt;
  return value;
}

std::uint64_t operation_count(const Plan& plan) {
  std::uint64_t count = 0;
  for (const PlanClient& client : plan.clients) count += client.operations.size();
  return count;
}

}  // namespace millrace::run
