#pragma once

// Assertions that are on in every build: a run without them proves nothing.
//
// CHECK(condition) or CHECK(condition, "what it means") states what our own code promises. A
// failure is our bug, never the world's: bytes from a peer or a disk are decoded and answered with
// a Result instead. The operands of a comparison are printed with the failure, so the message
// says what the condition means and not what was compared.

#include <concepts>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>

namespace millrace {

/// What is known of a failed CHECK. `condition` and `message` are literals; `values` shows the
/// operands ("3 < 2") and is empty when they cannot be shown.
struct CheckFailure {
  std::string_view condition;
  std::string_view message;
  std::string values;
  std::string_view file;
  std::uint32_t line = 0;
};

/// Decides what a failed CHECK does. Must not return.
using CheckHandler = void (*)(const CheckFailure&);

/// Installs `handler` for the process and returns the one before it. Null stands for the default,
/// which prints the failure to stderr and aborts.
CheckHandler set_check_handler(CheckHandler handler);

/// Prints a failure to stderr in one line.
void print_check_failure(const CheckFailure& failure);

namespace detail {

[[noreturn]] void check_failed(const CheckFailure& failure);

template <typename T>
std::string check_value(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    return std::to_string(static_cast<long long>(value));
  } else if constexpr (std::integral<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return '"' + std::string(std::string_view(value)) + '"';
  } else if constexpr (requires { to_text(value); }) {
    return std::string(to_text(value));
  } else if constexpr (requires { std::to_string(value.value()); }) {
    return std::to_string(value.value());
  } else {
    return "?";
  }
}

/// Holds a checked condition and the text of its operands, which is built only on failure.
struct CheckResult {
  bool holds;
  std::string (*render)(const void*, const void*);
  const void* left;
  const void* right;
};

template <typename L>
struct CheckOperand {
  const L& left;

  template <typename R>
  static std::string render_pair(const void* left, const void* right, const char* between) {
    return check_value(*static_cast<const L*>(left)) + between +
           check_value(*static_cast<const R*>(right));
  }
// A literal is compared as the compiler would have compared it before its type was deduced.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
#define MILLRACE_CHECK_OPERATOR(OP)                                                         \
  template <typename R>                                                                     \
  CheckResult operator OP(const R& right)&& {                                               \
    return {static_cast<bool>(left OP right),                                               \
            [](const void* l, const void* r) { return render_pair<R>(l, r, " " #OP " "); }, \
            static_cast<const void*>(&left), static_cast<const void*>(&right)};             \
  }
  MILLRACE_CHECK_OPERATOR(==)
  MILLRACE_CHECK_OPERATOR(!=)
  MILLRACE_CHECK_OPERATOR(<)
  MILLRACE_CHECK_OPERATOR(<=)
  MILLRACE_CHECK_OPERATOR(>)
  MILLRACE_CHECK_OPERATOR(>=)
#undef MILLRACE_CHECK_OPERATOR
#pragma GCC diagnostic pop
};

inline CheckResult check_result(CheckResult compared) { return compared; }

template <typename L>
CheckResult check_result(const CheckOperand<L>& bare) {
  return {static_cast<bool>(bare.left), nullptr, nullptr, nullptr};
}

struct CheckStart {
  template <typename L>
  CheckOperand<L> operator<<(const L& left) const {
    return {left};
  }
};

[[noreturn]] void check_failed(const CheckResult& result, std::string_view condition,
                               std::string_view message, const std::source_location& where);

/// Called within the expression that makes `result`, as long as its operands live.
inline void check_that(const CheckResult& result, std::string_view condition,
                       std::string_view message, const std::source_location& where) {
  if (!result.holds) [[unlikely]] {
    check_failed(result, condition, message, where);
  }
}

}  // namespace detail
}  // namespace millrace

#if defined(__clang__)
#define MILLRACE_CHECK_PRAGMA(text) _Pragma(#text)
#else
#define MILLRACE_CHECK_PRAGMA(text)
#endif

/// States what our own code promises; `CHECK(condition)` or `CHECK(condition, "message")`. One
/// condition each: `a && b` is two CHECKs, or stands in parentheses.
// `<<` binds tighter than any comparison and looser than arithmetic, so the whole left operand is
// caught before it is compared. clang warns of a shift beside a comparison, which here is the
// point.
#define CHECK(condition, ...)                                                                      \
  MILLRACE_CHECK_PRAGMA(clang diagnostic push)                                                     \
  MILLRACE_CHECK_PRAGMA(clang diagnostic ignored "-Wparentheses")                                  \
  ::millrace::detail::check_that(                                                                  \
      ::millrace::detail::check_result(::millrace::detail::CheckStart{} << condition), #condition, \
      ::std::string_view{__VA_ARGS__}, ::std::source_location::current())                          \
      MILLRACE_CHECK_PRAGMA(clang diagnostic pop)

/// Marks a place that no execution reaches.
#define UNREACHABLE(message)                                                                  \
  ::millrace::detail::check_failed(::millrace::detail::CheckResult{}, "UNREACHABLE", message, \
                                   ::std::source_location::current())
