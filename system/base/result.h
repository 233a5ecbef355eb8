#pragma once

// Result<T>: what a request to the outside world gives, a value or an Error.
//
// TRY hands an error on to the caller; ignore() drops one on purpose and says why. TRY is a whole
// statement or a whole initialiser (a leading `*` is fine), never inside braces: there g++ 12 leaks
// the members of an aggregate that were already built when it returns.

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "system/base/error.h"

namespace millrace {

/// A value, or why there is none. A type of its own only so that the compiler warns where one is
/// dropped.
template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

/// An error as a return value: `return fail(Errc::kSealed, "segment 3")`.
inline std::unexpected<Error> fail(Errc code, std::string detail) {
  return std::unexpected<Error>(Error{code, std::move(detail)});
}
inline std::unexpected<Error> fail(Errc code) {
  return std::unexpected<Error>(Error{code, std::string()});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

/// Whether `result` holds an error with this code.
template <typename T>
bool failed_with(const std::expected<T, Error>& result, Errc code) {
  return !result.has_value() && result.error().code == code;
}

/// Drops a result on purpose; `why` says why that is safe.
template <typename T>
void ignore(const std::expected<T, Error>& /*result*/, std::string_view /*why*/) {}

namespace detail {
template <typename T>
T take(std::expected<T, Error>& result) {
  return std::move(*result);
}
inline void take(std::expected<void, Error>& /*result*/) {}
}  // namespace detail

}  // namespace millrace

/// Evaluates to the value of a Result, or returns its error from the enclosing function.
#define TRY(expression)                                              \
  __extension__({                                                    \
    auto millrace_result = (expression);                             \
    if (!millrace_result.has_value()) [[unlikely]] {                 \
      return ::millrace::fail(::std::move(millrace_result).error()); \
    }                                                                \
    ::millrace::detail::take(millrace_result);                       \
  })
