#include "sim/run/signature.h"

#include <gtest/gtest.h>

namespace millrace::run {
namespace {

TEST(Signature, has_no_numbers_of_tasks) {
  EXPECT_EQ(without_digits("connection-3/reader"), "connection/reader");
  EXPECT_EQ(without_digits("flusher"), "flusher");
  EXPECT_EQ(without_digits("container-12"), "container");
  EXPECT_EQ(crash_signature("SIGSEGV", "store", "flusher-2"), "crash/SIGSEGV/store/flusher");
  EXPECT_EQ(hang_signature("store", "a-1/b-2"), "hang/store/a/b");
}

TEST(Signature, of_a_check_is_its_message_or_else_its_condition) {
  CheckFailure failure{.condition = "a < b",
                       .message = "frames grow",
                       .values = "3 < 2",
                       .file = "system/wal/log.cc",
                       .line = 40};
  EXPECT_EQ(check_signature(failure), "check/log:frames grow");

  failure.message = "";
  EXPECT_EQ(check_signature(failure), "check/log:a < b");
}

TEST(Signature, names_files_by_what_it_begins_with) {
  EXPECT_EQ(signature_stem("DUR-1/lost"), "DUR-1");
  EXPECT_EQ(signature_stem("check/log:frames grow"), "check");
  EXPECT_EQ(short_group_key("DUR-1/lost").size(), 8U);
  EXPECT_NE(group_key("DUR-1/lost"), group_key("DUR-1/late"));
}

}  // namespace
}  // namespace millrace::run
