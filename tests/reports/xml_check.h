#pragma once

// XML files held against what a real parser and a schema say of them.

#include <string>
#include <string_view>

namespace millrace::reports::testing {

/// What xmllint (libxml2) objects to in a JUnit file by tests/data/junit.xsd; empty for nothing.
std::string junit_trouble(std::string_view xml);

/// What xmllint evaluates an XPath expression to: "count(//failure)" -> "2".
std::string xpath(std::string_view xml, const std::string& expression);

}  // namespace millrace::reports::testing
