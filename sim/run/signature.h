#pragma once

// Signatures: which failures are the same.
//
//   property/class                      a property's objection
//   check/<file stem>:<what>            a failed CHECK: its message, or the condition's text
//   crash/<signal or error>/<role>/<task>
//   hang/<role>/<task>
//   limit/<which>
//
// No line, address, entity, time, seed or compiler is in it, and task names lose their digits. The
// group key is a hash of the signature.

#include <cstdint>
#include <string>
#include <string_view>

#include "system/base/check.h"

namespace millrace::run {

std::string property_signature(std::string_view property_id, std::string_view failure_class);
std::string check_signature(const CheckFailure& failure);
/// `what` is the signal ("SIGSEGV") or a sanitizer's error kind ("heap-use-after-free").
std::string crash_signature(std::string_view what, std::string_view role, std::string_view task);
std::string hang_signature(std::string_view role, std::string_view task);
std::string limit_signature(std::string_view which);

/// "connection-3/reader" -> "connection/reader": no digits, and no separators left over.
std::string without_digits(std::string_view task);

/// The key of the group of failures with this signature.
std::uint64_t group_key(std::string_view signature);

/// The first eight digits of the group key, as file names have them ("b71c09e2").
std::string short_group_key(std::string_view signature);

/// What file names begin with: a property's id, or "check", "crash", "hang", "limit".
std::string signature_stem(std::string_view signature);

}  // namespace millrace::run
