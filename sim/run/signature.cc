#include "sim/run/signature.h"

#include <fmt/format.h>

#include "sim/kernel/identity.h"

namespace millrace::run {

std::string property_signature(std::string_view property_id, std::string_view failure_class) {
  return fmt::format("{}/{}", property_id, failure_class);
}

std::string check_signature(const CheckFailure& failure) {
  std::string_view stem = failure.file;
  stem = stem.substr(stem.rfind('/') + 1);
  stem = stem.substr(0, stem.find('.'));
  return fmt::format("check/{}:{}", stem,
                     failure.message.empty() ? failure.condition : failure.message);
}

std::string crash_signature(std::string_view what, std::string_view role, std::string_view task) {
  return fmt::format("crash/{}/{}/{}", what, role, without_digits(task));
}

std::string hang_signature(std::string_view role, std::string_view task) {
  return fmt::format("hang/{}/{}", role, without_digits(task));
}

std::string limit_signature(std::string_view which) { return fmt::format("limit/{}", which); }

std::string without_digits(std::string_view task) {
  std::string plain;
  const auto is_separator = [](char letter) { return letter == '-' || letter == '.'; };
  for (const char letter : task) {
    if (letter >= '0' && letter <= '9') continue;
    // "connection-3/reader": the digit went, and its '-' must not stay before the '/'.
    if (letter == '/') {
      while (!plain.empty() && is_separator(plain.back())) plain.pop_back();
    }
    if (is_separator(letter) && !plain.empty() && plain.back() == letter) continue;
    plain.push_back(letter);
  }
  while (!plain.empty() && is_separator(plain.back())) plain.pop_back();
  return plain;
}

std::uint64_t group_key(std::string_view signature) { return sim::hash_name(signature); }

std::string short_group_key(std::string_view signature) {
  return fmt::format("{:08x}", group_key(signature) >> 32);
}

std::string signature_stem(std::string_view signature) {
  return std::string(signature.substr(0, signature.find('/')));
}

}  // namespace millrace::run
