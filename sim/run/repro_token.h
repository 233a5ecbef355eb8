#pragma once

// A repro as one word, to be copied out of a log: "mr1." and base64url of a zstd frame of its JSON.
//
// A token leaves the trail out, which would make it long: where a later run leaves the old one is
// then not known. The frame carries a checksum, so a token that was cut or mistyped is refused.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sim/run/repro.h"

namespace millrace::run {

/// A longer token is printed nowhere.
inline constexpr std::size_t kTokenCharsMax = 1'500;

/// None where it would be longer than `chars_max`.
std::optional<std::string> repro_to_token(const Repro& repro,
                                          std::size_t chars_max = kTokenCharsMax);

/// Whether a word is meant as a token, of whichever version: "mr1.", "mr2.".
bool is_token(std::string_view word);

/// The JSON in a token; white space around it and within is skipped. Errors: kInvalid for another
/// version, a token that was cut short or changed, and one whose JSON would be larger than 16 MiB.
Result<std::string> token_to_json(std::string_view token);

}  // namespace millrace::run
