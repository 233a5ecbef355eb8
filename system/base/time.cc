#include "system/base/time.h"

#include <array>
#include <string_view>

namespace millrace {
namespace {

struct Unit {
  std::int64_t ns;
  std::string_view name;
};

constexpr std::array<Unit, 3> kUnits{{{1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}}};

}  // namespace

std::string to_text(Duration duration) {
  for (const Unit& unit : kUnits) {
    if (duration.ns % unit.ns != 0) continue;
    return std::to_string(duration.ns / unit.ns).append(unit.name);
  }
  return std::to_string(duration.ns).append("ns");
}

std::string to_text(Instant instant) {
  if (instant == Instant::max()) return "never";
  return to_text(Duration{instant.ns});
}

}  // namespace millrace
