#include "system/base/check.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace millrace {
namespace {

void print_and_abort(const CheckFailure& failure) {
  print_check_failure(failure);
  std::abort();
}

CheckHandler current_handler = &print_and_abort;

}  // namespace

void print_check_failure(const CheckFailure& failure) {
  std::fprintf(stderr, "%.*s:%u: CHECK failed: %.*s: %.*s [%s]\n",
               static_cast<int>(failure.file.size()), failure.file.data(), failure.line,
               static_cast<int>(failure.condition.size()), failure.condition.data(),
               static_cast<int>(failure.message.size()), failure.message.data(),
               failure.values.c_str());
}

CheckHandler set_check_handler(CheckHandler handler) {
  const CheckHandler before = current_handler;
  current_handler = handler == nullptr ? &print_and_abort : handler;
  return before;
}

namespace detail {

void check_failed(const CheckFailure& failure) {
  current_handler(failure);
  std::abort();  // A handler that returns would let a broken program go on.
}

void check_failed(std::string values, std::string_view condition, std::string_view message,
                  std::source_location where) {
  check_failed({.condition = condition,
                .message = message,
                .values = std::move(values),
                .file = where.file_name(),
                .line = where.line()});
}

}  // namespace detail
}  // namespace millrace
