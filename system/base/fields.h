#pragma once

// Names for the fields of an aggregate, so that one table serves printing, JSON, filters, hashing
// and anchors.
//
//   struct Acked {
//     Uid uid; Key key;
//     static constexpr auto fields = millrace::fields("uid", &Acked::uid, "key", &Acked::key);
//   };
//
// A field is an integer, an enum, a bool, text, bytes, a time, a StrongId, or a type with a free
// function `to_text`. FieldValue is the form in which all of them leave the type system.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>

#include "system/base/bytes.h"
#include "system/base/time.h"

namespace millrace {

/// A field's value without its type. Text is borrowed where the field is text, owned where it had
/// to be made.
using FieldValue = std::variant<std::int64_t, std::uint64_t, bool, std::string_view, std::string>;

/// "12", "true", or the text itself.
std::string to_text(const FieldValue& value);

namespace detail {

template <typename T>
FieldValue field_value(const T& value) {
  constexpr bool kIsNamelessEnum = std::is_enum_v<T> && !requires { to_text(value); };
  if constexpr (std::is_same_v<T, bool>) {
    return FieldValue(value);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return std::string_view(value);
  } else if constexpr (std::unsigned_integral<T> || kIsNamelessEnum) {
    return static_cast<std::uint64_t>(value);
  } else if constexpr (std::signed_integral<T>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return as_text(value);
  } else if constexpr (requires { value.ns; }) {
    return value.ns;
  } else if constexpr (requires {
                         { value.value() } -> std::integral;
                       }) {
    return static_cast<std::uint64_t>(value.value());
  } else {
    return std::string(to_text(value));
  }
}

}  // namespace detail

/// One named member.
template <typename Record, typename Member>
struct Field {
  std::string_view name;
  Member Record::* member;
};

constexpr std::tuple<> fields() { return {}; }

/// A table of fields from names and pointers to members in turn.
template <typename Record, typename Member, typename... Rest>
constexpr auto fields(std::string_view name, Member Record::* member, Rest... rest) {
  return std::tuple_cat(std::make_tuple(Field<Record, Member>{name, member}), fields(rest...));
}

/// An aggregate that names its fields.
template <typename T>
concept HasFields = requires { T::fields; };

/// Calls `visit(name, value)` for each field in the order of the table, the value as a FieldValue.
template <HasFields Record, typename Visit>
void for_each_field(const Record& record, Visit visit) {
  std::apply(
      [&](const auto&... field) {
        (visit(field.name, detail::field_value(record.*(field.member))), ...);
      },
      Record::fields);
}

/// The unqualified name of a type, for people. Never part of a key, signature or fingerprint.
template <typename T>
constexpr std::string_view type_name() {
  std::string_view pretty = __PRETTY_FUNCTION__;
  const std::size_t start = pretty.find("T = ") + 4;
  pretty = pretty.substr(start, pretty.find_first_of(";]", start) - start);
  const std::size_t scope = pretty.rfind("::");
  return scope == std::string_view::npos ? pretty : pretty.substr(scope + 2);
}

}  // namespace millrace
