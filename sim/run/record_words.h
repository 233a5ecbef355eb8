#pragma once

// Records in words, for people who read a failure.
//
// A type of records that has `std::string words() const` says itself what happened. For any other
// the name and the fields make a phrase: ContainerRecovered with container 0 and epoch 2 is
// "container recovered: container 0, epoch 2".

#include <string>
#include <string_view>

#include "system/base/fields.h"

namespace millrace::run {

/// Puts a record's name and fields into words; add() is a visitor of RecordType and FactView.
class RecordWords {
 public:
  explicit RecordWords(std::string_view name);

  static void add(void* context, std::string_view name, const FieldValue& value);

  std::string text() const { return text_; }

 private:
  std::string text_;
  std::string_view before_ = ": ";
};

}  // namespace millrace::run
