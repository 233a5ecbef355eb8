#pragma once

// Runs code that is expected to break a CHECK, and tells what the failure said.

#include <functional>
#include <optional>
#include <string>

#include "system/base/check.h"

namespace millrace {

/// The failure with its text owned, because a handler may be given borrowed text.
struct SeenFailure {
  std::string condition;
  std::string message;
  std::string values;
  std::string file;
  std::uint32_t line = 0;
};

/// The first CHECK that `body` broke, if it broke one. The handler throws, which only a test may
/// do.
inline std::optional<SeenFailure> broken_check(const std::function<void()>& body) {
  const CheckHandler before = set_check_handler([](const CheckFailure& failure) {
    throw SeenFailure{.condition = std::string(failure.condition),
                      .message = std::string(failure.message),
                      .values = failure.values,
                      .file = std::string(failure.file),
                      .line = failure.line};
  });
  std::optional<SeenFailure> seen;
  try {
    body();
  } catch (const SeenFailure& failure) {
    seen = failure;
  }
  set_check_handler(before);
  return seen;
}

}  // namespace millrace
