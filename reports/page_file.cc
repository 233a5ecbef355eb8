#include "reports/page_file.h"

#include <algorithm>

#include "reports/embedded.h"
#include "system/base/check.h"

namespace millrace::reports {
namespace {

constexpr std::string_view kPlace = "{{data}}";

/// U+2028 and U+2029 end a line in older scripts, though not in JSON.
constexpr std::string_view kLineSeparator = "\xE2\x80\xA8";
constexpr std::string_view kParagraphSeparator = "\xE2\x80\xA9";

}  // namespace

std::string embeddable(std::string_view json) {
  std::string text;
  text.reserve(json.size() + json.size() / 16);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string_view rest = json.substr(i, kLineSeparator.size());
    // These occur in JSON within strings alone.
    if (json[i] == '<') {
      text += "\\u003c";
    } else if (json[i] == '>') {
      text += "\\u003e";
    } else if (json[i] == '&') {
      text += "\\u0026";
    } else if (rest == kLineSeparator || rest == kParagraphSeparator) {
      text += rest == kLineSeparator ? "\\u2028" : "\\u2029";
      i += rest.size() - 1;
    } else {
      text += json[i];
    }
  }
  return text;
}

std::string page_with(std::string_view name, std::string_view json) {
  const auto files = embedded_files();
  const auto file = std::ranges::find(files, name, &EmbeddedFile::name);
  CHECK(file != files.end(), "a page has a template");
  const std::size_t place = file->text.find(kPlace);
  CHECK(place != std::string_view::npos, "a template says where its data goes");
  std::string page(file->text.substr(0, place));
  page += embeddable(json);
  page += file->text.substr(place + kPlace.size());
  return page;
}

}  // namespace millrace::reports
