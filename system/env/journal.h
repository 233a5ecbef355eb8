#pragma once

// What a process reports about itself. Write-only: nothing comes back, so the program cannot tell
// who listens.
//
// A mark names a place that was passed; a fact is a typed record of what became true. Whoever
// listens may count them, or cut the machine's power right there: never call either from a
// destructor or another noexcept function.

#include <string_view>

#include "system/base/fields.h"

namespace millrace {

/// A fact without its type: its name and a way to see its fields.
struct FactView {
  std::string_view name;
  const void* record;
  void (*visit)(const void* record, void* context,
                void (*field)(void* context, std::string_view name, const FieldValue& value));
};

/// Takes reports. No call gives way or lets another task of the process run.
class Journal {
 public:
  virtual ~Journal() = default;

  /// `name` is a literal "area.what"; the build lists all of them.
  virtual void mark(std::string_view name) = 0;

  virtual void record(const FactView& fact) = 0;

  /// Reports a fact: an aggregate with `fact_name` and `fields`.
  template <typename Fact>
  void fact(const Fact& fact) {
    record({.name = Fact::fact_name, .record = &fact, .visit = &visit_fields<Fact>});
  }

 private:
  template <typename Fact>
  static void visit_fields(const void* record, void* context,
                           void (*field)(void*, std::string_view, const FieldValue&)) {
    for_each_field(
        *static_cast<const Fact*>(record),
        [&](std::string_view name, const FieldValue& value) { field(context, name, value); });
  }
};

}  // namespace millrace
