#include "sim/run/json_cursor.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/run/plan.h"
#include "sim/run/scenario.h"
#include "system/base/units.h"

namespace millrace::run {
namespace {

const nlohmann::json kNull;

std::string_view type_of(const nlohmann::json& value) { return value.type_name(); }

std::string at_path(const std::string& path, const std::string& what) {
  return path.empty() ? what : fmt::format("{}: {}", path, what);
}

bool is_among(const std::vector<std::string>& known, const std::string& name) {
  return std::ranges::find(known, name) != known.end();
}

std::string unknown_text(std::string_view sort, const std::string& given,
                         const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(given, known);
  if (nearest.empty()) return fmt::format("unknown {} '{}'", sort, given);
  return fmt::format("unknown {} '{}'; the nearest is '{}'", sort, given, nearest);
}

}  // namespace

void JsonErrors::add(const std::string& path, const std::string& what) {
  if (!first.has_value()) first = at_path(path, what);
}

void JsonErrors::add_unknown(const std::string& path, const std::string& what) {
  if (!first_unknown.has_value()) first_unknown = at_path(path, what);
}

Result<void> JsonErrors::result() const {
  if (first.has_value()) return fail(Errc::kInvalid, *first);
  if (first_unknown.has_value()) return fail(Errc::kNotFound, *first_unknown);
  return {};
}

Result<nlohmann::json> parse_json(std::string_view text) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 2: ..." without its first
    // word.
    std::string what = error.what();
    what.erase(0, what.find("] ") == std::string::npos ? 0 : what.find("] ") + 2);
    return fail(Errc::kInvalid, what);
  }
}

void JsonCursor::only(std::initializer_list<std::string_view> names) const {
  if (!value_->is_object()) {
    complain(fmt::format("an object is expected, not {}", type_of(*value_)));
    return;
  }
  for (const auto& [name, value] : value_->items()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    const std::string nearest = nearest_name(name, {names.begin(), names.end()});
    complain(nearest.empty() ? fmt::format("unknown key '{}'", name)
                             : fmt::format("unknown key '{}'; the nearest is '{}'", name, nearest));
  }
}

bool JsonCursor::has(std::string_view member) const {
  return value_->is_object() && value_->contains(member);
}

bool JsonCursor::is_text() const { return value_->is_string(); }

bool JsonCursor::is_null() const { return value_->is_null(); }

JsonCursor JsonCursor::at(std::string_view member) const {
  const std::string below =
      path_.empty() ? std::string(member) : fmt::format("{}.{}", path_, member);
  if (!has(member)) {
    complain(fmt::format("'{}' is missing", member));
    return {kNull, below, *errors_};
  }
  return {(*value_)[std::string(member)], below, *errors_};
}

std::vector<std::pair<std::string, JsonCursor>> JsonCursor::members() const {
  std::vector<std::pair<std::string, JsonCursor>> found;
  if (!value_->is_object()) {
    complain(fmt::format("an object is expected, not {}", type_of(*value_)));
    return found;
  }
  for (const auto& [name, value] : value_->items()) {
    found.emplace_back(name, JsonCursor(value, fmt::format("{}.{}", path_, name), *errors_));
  }
  return found;
}

std::vector<JsonCursor> JsonCursor::elements() const {
  std::vector<JsonCursor> found;
  if (!value_->is_array()) {
    complain(fmt::format("a list is expected, not {}", type_of(*value_)));
    return found;
  }
  for (std::size_t i = 0; i < value_->size(); ++i) {
    found.emplace_back((*value_)[i], fmt::format("{}[{}]", path_, i), *errors_);
  }
  return found;
}

std::int64_t JsonCursor::integer(std::int64_t low, std::int64_t high) const {
  const bool fits = value_->is_number_integer() &&
                    (!value_->is_number_unsigned() ||
                     value_->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX));
  if (!fits || value_->get<std::int64_t>() < low || value_->get<std::int64_t>() > high) {
    complain(fmt::format("a whole number from {} to {} is expected", low, high));
    return low;
  }
  return value_->get<std::int64_t>();
}

std::uint64_t JsonCursor::seed() const {
  return static_cast<std::uint64_t>(integer(0, (std::int64_t{1} << 53) - 1));
}

std::string JsonCursor::text() const {
  if (!value_->is_string()) {
    complain(fmt::format("text is expected, not {}", type_of(*value_)));
    return {};
  }
  return value_->get<std::string>();
}

bool JsonCursor::boolean() const {
  if (!value_->is_boolean()) {
    complain(fmt::format("true or false is expected, not {}", type_of(*value_)));
    return false;
  }
  return value_->get<bool>();
}

Duration JsonCursor::duration() const {
  const Result<Duration> parsed = parse_duration(text());
  if (parsed.has_value()) return *parsed;
  complain(parsed.error().detail);
  return {};
}

std::uint64_t JsonCursor::hex() const {
  const std::optional<std::uint64_t> value = number_of_hex16(text());
  if (!value.has_value()) complain("16 hexadecimal digits are expected");
  return value.value_or(0);
}

std::string JsonCursor::word(const std::vector<std::string>& known, std::string_view sort) const {
  const std::string given = text();
  if (is_among(known, given)) return given;
  complain(unknown_text(sort, given, known));
  return {};
}

std::string JsonCursor::name(const std::vector<std::string>& known, std::string_view sort) const {
  const std::string given = text();
  if (is_among(known, given)) return given;
  complain_of_name(unknown_text(sort, given, known));
  return {};
}

}  // namespace millrace::run
