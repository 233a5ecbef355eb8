#include "system/base/error.h"

#include <array>

#include "system/base/check.h"

namespace millrace {
namespace {

struct ErrcRow {
  Errc code;
  std::string_view name;
  Happened happened;
};

constexpr std::array<ErrcRow, kErrcCount> kErrcTable{{
    {Errc::kCancelled, "cancelled", Happened::kUnknown},
    {Errc::kTimeout, "timeout", Happened::kUnknown},
    {Errc::kUnavailable, "unavailable", Happened::kUnknown},
    {Errc::kRefused, "refused", Happened::kNo},
    {Errc::kWrongVersion, "wrong_version", Happened::kNo},
    {Errc::kProtocol, "protocol", Happened::kUnknown},
    {Errc::kInvalid, "invalid", Happened::kNo},
    {Errc::kNotFound, "not_found", Happened::kNo},
    {Errc::kAlreadyExists, "already_exists", Happened::kNo},
    {Errc::kSealed, "sealed", Happened::kNo},
    {Errc::kTruncated, "truncated", Happened::kNo},
    {Errc::kBadOffset, "bad_offset", Happened::kNo},
    {Errc::kBadEventNumber, "bad_event_number", Happened::kNo},
    {Errc::kWrongHost, "wrong_host", Happened::kNo},
    {Errc::kOverloaded, "overloaded", Happened::kNo},
    {Errc::kFenced, "fenced", Happened::kUnknown},
    {Errc::kShuttingDown, "shutting_down", Happened::kUnknown},
    {Errc::kNoSpace, "no_space", Happened::kUnknown},
    {Errc::kIo, "io", Happened::kUnknown},
    {Errc::kCorrupt, "corrupt", Happened::kNo},
    {Errc::kForeign, "foreign", Happened::kNo},
}};

constexpr bool table_is_in_order() {
  for (int i = 0; i < kErrcCount; ++i) {
    if (static_cast<int>(kErrcTable[static_cast<std::size_t>(i)].code) != i) return false;
  }
  return true;
}
static_assert(table_is_in_order(), "a code finds its row by its number");

const ErrcRow& row(Errc code) {
  const auto index = static_cast<std::size_t>(code);
  CHECK(index < kErrcTable.size(), "a code outside the list was made up");
  return kErrcTable[index];
}

}  // namespace

std::string_view to_text(Errc code) { return row(code).name; }

Errc errc_from_text(std::string_view name) {
  for (const ErrcRow& candidate : kErrcTable) {
    if (candidate.name == name) return candidate.code;
  }
  return Errc::kProtocol;
}

Happened happened(Errc code) { return row(code).happened; }

std::string to_text(const Error& error) {
  std::string text(to_text(error.code));
  if (!error.detail.empty()) text.append(": ").append(error.detail);
  return text;
}

}  // namespace millrace
