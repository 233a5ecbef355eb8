#pragma once

// Reads JSON that people may have edited: strictly, and with the place of what is wrong.
//
// A cursor stands on one value and knows its path. The first error is kept, every later read gives
// a zero or nothing, and one look at `JsonErrors` at the end tells whether all was well.

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "system/base/result.h"
#include "system/base/time.h"

namespace millrace::run {

/// The first error of a reading, and the first name that this program does not know: what is right
/// in itself may have been written by another build.
struct JsonErrors {
  std::optional<std::string> first = {};
  std::optional<std::string> first_unknown = {};

  /// "clients[2].operations[0].id: a whole number from 1 to 9 is expected"
  void add(const std::string& path, const std::string& what);
  /// "clients[2].workload: unknown workload 'writter'"
  void add_unknown(const std::string& path, const std::string& what);
  /// Errors: kInvalid with the first error; kNotFound with the first unknown name where there is
  /// nothing worse.
  Result<void> result() const;
};

/// Parses text. Errors: kInvalid, with line and column.
Result<nlohmann::json> parse_json(std::string_view text);

class JsonCursor {
 public:
  /// The value and the errors outlive the cursor.
  JsonCursor(const nlohmann::json& value, std::string path, JsonErrors& errors)
      : value_(&value), path_(std::move(path)), errors_(&errors) {}

  const std::string& path() const { return path_; }
  void complain(const std::string& what) const { errors_->add(path_, what); }

  /// Complains unless this is an object with no other members than these.
  void only(std::initializer_list<std::string_view> names) const;

  bool has(std::string_view member) const;
  bool is_text() const;
  /// The member, or a null with a complaint where it is missing.
  JsonCursor at(std::string_view member) const;
  /// Members in order of their names; elements in order.
  std::vector<std::pair<std::string, JsonCursor>> members() const;
  std::vector<JsonCursor> elements() const;

  std::int64_t integer(std::int64_t low, std::int64_t high) const;
  std::uint64_t seed() const;
  std::string text() const;
  bool boolean() const;
  /// "200ms".
  Duration duration() const;
  /// 16 hexadecimal digits.
  std::uint64_t hex() const;
  bool is_null() const;
  /// One of these words.
  std::string word(const std::vector<std::string>& known, std::string_view sort) const;
  /// The name of something that this program has; another one counts as unknown, not as an error.
  std::string name(const std::vector<std::string>& known, std::string_view sort) const;
  void complain_of_name(const std::string& what) const { errors_->add_unknown(path_, what); }

 private:
  const nlohmann::json* value_;
  std::string path_;
  JsonErrors* errors_;
};

}  // namespace millrace::run
