#include "sim/run/repro_token.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "sim/run/run.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

/// base64url as `base64 | tr '+/' '-_'` makes it, by hand for what a test plants.
std::string base64url(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 6) {
    std::size_t digit = 0;
    for (std::size_t i = bit; i < bit + 6; ++i) {
      const std::size_t byte = i / 8 < bytes.size() ? static_cast<unsigned char>(bytes[i / 8]) : 0;
      digit = digit << 1 | (byte >> (7 - i % 8) & 1);
    }
    text += kDigits[digit];
  }
  return text;
}

std::string zstd_frame(const std::string& text) {
  std::string frame(ZSTD_compressBound(text.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), text.data(), text.size(), 3));
  return frame;
}

class Tokens : public testing::Test {
 protected:
  Tokens() {
    toy::register_toy(registry_);
    const Scenario scenario = toy::quiet_scenario();
    const Plan plan = draw_plan(registry_, scenario, 7);
    RunRecord record = run_plan(registry_, scenario, plan, {.is_traced = true});
    record.violation = Objection{};
    record.violation->signature = "TOY-1/lost";
    repro_ = make_repro(scenario, plan, record);
    token_ = repro_to_token(repro_, SIZE_MAX).value_or("");
  }

  static std::string refusal(const std::string& token) {
    const Result<std::string> json = token_to_json(token);
    return json.has_value() ? "read" : json.error().detail;
  }

  Registry registry_;
  Repro repro_;
  std::string token_;
};

TEST_F(Tokens, hold_a_repro_without_its_trail) {
  const Result<std::string> json = token_to_json(token_);
  ASSERT_TRUE(json.has_value()) << json.error().detail;
  const Result<Repro> read = repro_from_json(*json, registry_);

  ASSERT_TRUE(read.has_value()) << read.error().detail;
  EXPECT_FALSE(repro_.trail.empty());
  repro_.trail.clear();
  EXPECT_EQ(*read, repro_);
}

TEST_F(Tokens, begin_as_every_zstd_frame_does_and_need_no_quotes_in_a_shell) {
  EXPECT_TRUE(token_.starts_with("mr1.KLUv_")) << token_;
  EXPECT_EQ(
      token_.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
      std::string::npos);
}

TEST_F(Tokens, longer_than_asked_for_are_not_made) {
  EXPECT_EQ(repro_to_token(repro_, token_.size()), token_);
  EXPECT_EQ(repro_to_token(repro_, token_.size() - 1), std::nullopt);
}

TEST_F(Tokens, are_read_as_a_terminal_wraps_them) {
  std::string wrapped = " " + token_ + "\n";
  wrapped.insert(80, "\r\n    ");

  ASSERT_TRUE(token_to_json(wrapped).has_value());
  EXPECT_EQ(*token_to_json(wrapped), *token_to_json(token_));
}

TEST_F(Tokens, cut_short_anywhere_are_refused) {
  for (std::size_t size = 4; size < token_.size(); ++size) {
    EXPECT_NE(refusal(token_.substr(0, size)), "read") << size;
  }
  EXPECT_EQ(refusal(token_.substr(0, 100)), "the token was cut short or changed");
}

TEST_F(Tokens, with_any_character_changed_are_refused_or_the_same) {
  // The last character has two or four bits that nothing stands for.
  std::size_t refused = 0;
  for (std::size_t at = 4; at + 1 < token_.size(); ++at) {
    std::string changed = token_;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    // A frame has a bit that means nothing.
    const Result<std::string> json = token_to_json(changed);
    if (!json.has_value()) ++refused;
    EXPECT_EQ(json.value_or(*token_to_json(token_)), *token_to_json(token_)) << at;
  }
  EXPECT_GE(refused + 8, token_.size() - 5);
  EXPECT_EQ(refusal("mr1.KLUv/QBYGQA"), "the token has characters that no token has");
}

TEST_F(Tokens, of_another_version_are_named) {
  EXPECT_TRUE(is_token("mr2.KLUv"));
  EXPECT_EQ(refusal("mr2.KLUv"), "version 2 of tokens is not known, only 1");
  EXPECT_EQ(refusal("mr12.KLUv"), "version 12 of tokens is not known, only 1");
  for (const char* const word : {"mr.x", "mrx.y", "m1.x", "lossy", "mr1", ""}) {
    EXPECT_FALSE(is_token(word)) << word;
  }
}

TEST_F(Tokens, that_would_fill_the_memory_are_refused) {
  // 17 MiB of zeros are some hundred bytes; the frame says what it stands for.
  const std::string bomb = zstd_frame(std::string(std::size_t{17} << 20, '\0'));
  ASSERT_LT(bomb.size(), 2'000U);

  EXPECT_EQ(refusal("mr1." + base64url(bomb)),
            "the token stands for 17825792 bytes, at most 16777216 are read");
}

TEST_F(Tokens, whose_frame_lies_about_its_size_are_refused) {
  // The size stands behind magic and descriptor; one that is too small has no room for the rest.
  std::string frame = zstd_frame(std::string(60'000, 'x'));
  frame[5] = static_cast<char>(frame[5] - 1);

  EXPECT_EQ(refusal("mr1." + base64url(frame)), "the token was cut short or changed");
  EXPECT_EQ(refusal("mr1." + base64url(zstd_frame("{}") + zstd_frame("{}"))),
            "the token was cut short or changed");
  EXPECT_EQ(refusal("mr1."), "the token was cut short or changed");
  EXPECT_EQ(refusal("lossy"), "a token begins with 'mr1.'");
}

}  // namespace
}  // namespace millrace::run
