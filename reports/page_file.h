#pragma once

// A page with its data: a template of this program with one JSON object in it.

#include <string>
#include <string_view>

namespace millrace::reports {

/// The JSON as it may stand within a script element: nothing in it can end the element or begin a
/// comment, and it reads back as the same values.
std::string embeddable(std::string_view json);

/// The template ("run.html", "campaign.html") with the object in its place.
std::string page_with(std::string_view name, std::string_view json);

}  // namespace millrace::reports
