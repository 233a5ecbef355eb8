#include "sim/run/repro_token.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <zstd.h>

#include "system/base/check.h"

namespace millrace::run {
namespace {

constexpr std::string_view kPrefix = "mr1.";
/// More than any plan needs, and little enough to be made room for.
constexpr std::size_t kJsonBytesMax = std::size_t{16} << 20;
/// The slowest level that needs no further memory: a token is made for a failure only.
constexpr int kLevel = 19;

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// base64url of RFC 4648, without padding.
std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) text += kDigits[bits >> (count - 6) & 0x3F];
  }
  if (count > 0) text += kDigits[bits << (6 - count) & 0x3F];
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char digit : text) {
    const std::size_t value = kDigits.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

std::string compressed(std::string_view text) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  CHECK(context != nullptr, "there is memory for a compressor");
  for (const auto& [parameter, value] :
       {std::pair{ZSTD_c_compressionLevel, kLevel}, std::pair{ZSTD_c_checksumFlag, 1}}) {
    const std::size_t set = ZSTD_CCtx_setParameter(context, parameter, value);
    CHECK(ZSTD_isError(set) == 0, "zstd knows its parameters");
  }
  std::string frame(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size =
      ZSTD_compress2(context, frame.data(), frame.size(), text.data(), text.size());
  CHECK(ZSTD_isError(size) == 0, "a frame has as much room as it can need");
  ZSTD_freeCCtx(context);
  frame.resize(size);
  return frame;
}

Result<std::string> decompressed(const std::string& frame) {
  // Only one whole frame with a known size is ours; what it claims is checked before there is room.
  const std::size_t length = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  if (ZSTD_isError(length) != 0 || length != frame.size()) {
    return fail(Errc::kInvalid, "the token was cut short or changed");
  }
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) {
    return fail(Errc::kInvalid, "the token was cut short or changed");
  }
  if (size > kJsonBytesMax) {
    return fail(Errc::kInvalid, fmt::format("the token stands for {} bytes, at most {} are read",
                                            size, kJsonBytesMax));
  }
  std::string text(static_cast<std::size_t>(size), '\0');
  const std::size_t read = ZSTD_decompress(text.data(), text.size(), frame.data(), frame.size());
  if (ZSTD_isError(read) != 0 || read != text.size()) {
    return fail(Errc::kInvalid, "the token was cut short or changed");
  }
  return text;
}

bool is_space(char letter) {
  return letter == ' ' || letter == '\n' || letter == '\r' || letter == '\t';
}

}  // namespace

std::optional<std::string> repro_to_token(const Repro& repro, std::size_t chars_max) {
  Repro short_one = repro;
  short_one.trail.clear();
  const std::string json = nlohmann::json::parse(repro_to_json(short_one)).dump();
  std::string token = std::string(kPrefix) + to_base64(compressed(json));
  if (token.size() > chars_max) return std::nullopt;
  return token;
}

bool is_token(std::string_view word) {
  if (!word.starts_with("mr")) return false;
  const std::string_view version = word.substr(2, word.find('.') - 2);
  return version.size() + 2 < word.size() && !version.empty() &&
         version.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<std::string> token_to_json(std::string_view token) {
  std::string word;
  std::ranges::copy_if(token, std::back_inserter(word), [](char one) { return !is_space(one); });
  if (!is_token(word)) return fail(Errc::kInvalid, "a token begins with 'mr1.'");
  if (!word.starts_with(kPrefix)) {
    return fail(Errc::kInvalid, fmt::format("version {} of tokens is not known, only 1",
                                            word.substr(2, word.find('.') - 2)));
  }
  const std::optional<std::string> frame =
      from_base64(std::string_view(word).substr(kPrefix.size()));
  if (!frame.has_value()) {
    return fail(Errc::kInvalid, "the token has characters that no token has");
  }
  return decompressed(*frame);
}

}  // namespace millrace::run
