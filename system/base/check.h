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

/// What the text of a failure is made of: a copy of what fits a register, a reference to the rest.
template <typename T>
using CheckArgument = std::conditional_t<std::is_trivially_copyable_v<T> && !std::is_array_v<T> &&
                                             std::is_copy_constructible_v<T> && sizeof(T) <= 8,
                                         T, const T&>;

// A CHECK that holds costs its comparison and a branch. No address of an operand is taken but in
// the functions for failures, which are kept out of line and get small operands by value: else each
// CHECK would store its operands and their places to the stack first, which were 15 instructions a
// CHECK and a fifth of all that an event loop executed.

template <typename L, typename R>
struct CheckComparison {
  bool holds;
  CheckArgument<L> left;
  CheckArgument<R> right;
  const char* between;
};

template <typename L>
struct CheckOperand {
  CheckArgument<L> left;

// A literal is compared as the compiler would have compared it before its type was deduced.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
#define MILLRACE_CHECK_OPERATOR(OP)                                      \
  template <typename R>                                                  \
  CheckComparison<L, R> operator OP(const R & right)&& {                 \
    return {static_cast<bool>(left OP right), left, right, " " #OP " "}; \
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

struct CheckStart {
  template <typename L>
  CheckOperand<L> operator<<(const L& left) const {
    return {left};
  }
};

[[noreturn, gnu::cold]] void check_failed(std::string values, std::string_view condition,
                                          std::string_view message, std::source_location where);

[[noreturn, gnu::cold, gnu::noinline]] inline void bare_check_failed(std::string_view condition,
                                                                     std::string_view message,
                                                                     std::source_location where) {
  check_failed({}, condition, message, where);
}

template <typename L, typename R>
[[noreturn, gnu::cold, gnu::noinline]] void comparison_failed(
    CheckArgument<L> left, CheckArgument<R> right, const char* between, std::string_view condition,
    std::string_view message, std::source_location where) {
  check_failed(check_value<L>(left) + between + check_value<R>(right), condition, message, where);
}

/// Called within the expression that makes `compared`, as long as its operands live.
template <typename L, typename R>
void check_that(const CheckComparison<L, R>& compared, std::string_view condition,
                std::string_view message, std::source_location where) {
  if (!compared.holds) [[unlikely]] {
    comparison_failed<L, R>(compared.left, compared.right, compared.between, condition, message,
                            where);
  }
}

template <typename L>
void check_that(const CheckOperand<L>& bare, std::string_view condition, std::string_view message,
                std::source_location where) {
  if (!static_cast<bool>(bare.left)) [[unlikely]]
    bare_check_failed(condition, message, where);
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
#define CHECK(condition, ...)                                                                     \
  MILLRACE_CHECK_PRAGMA(clang diagnostic push)                                                    \
  MILLRACE_CHECK_PRAGMA(clang diagnostic ignored "-Wparentheses")                                 \
  ::millrace::detail::check_that(                                                                 \
      ::millrace::detail::CheckStart{} << condition, #condition, ::std::string_view{__VA_ARGS__}, \
      ::std::source_location::current()) MILLRACE_CHECK_PRAGMA(clang diagnostic pop)

/// Marks a place that no execution reaches.
#define UNREACHABLE(message) \
  ::millrace::detail::bare_check_failed("UNREACHABLE", message, ::std::source_location::current())
