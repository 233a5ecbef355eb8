#include "sim/run/client.h"

#include "system/base/check.h"
#include "system/base/units.h"

namespace millrace::run {

const std::string& Directory::setting(std::string_view path) const {
  const auto found = settings().find(path);
  CHECK(found != settings().end(), "a setting that the plan does not have");
  return found->second;
}

std::int64_t Directory::setting_integer(std::string_view path) const {
  const Result<std::int64_t> value = parse_integer(setting(path));
  CHECK(value.has_value(), "a setting that is no integer");
  return *value;
}

std::int64_t Operation::argument(std::string_view name, std::int64_t fallback) const {
  for (const auto& [argument_name, value] : arguments) {
    if (argument_name == name) return value;
  }
  return fallback;
}

}  // namespace millrace::run
