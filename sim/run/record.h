#pragma once

// Records: what a run leaves behind for its properties to judge.
//
// A record is an aggregate with `fields` (system/base/fields.h). Clients of a workload record what
// they asked for and what they were told; the journal's facts and the run's own doings
// (run_records.h) are records, too. Each is stamped with an At: the event ordinal gives the order,
// never virtual time, at which many things happen at once.

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sim/kernel/identity.h"
#include "system/base/fields.h"

namespace millrace::run {

using sim::SimTime;

/// Where in a run something was recorded.
struct At {
  std::uint64_t ordinal = 0;  ///< Number of the event, the order of everything.
  std::uint64_t record = 0;   ///< Number of the record in this run, from 1; orders within an event.
  SimTime time = {};
  std::uint32_t machine = kNoMachine;  ///< Index of the machine in the world.

  /// For what the run itself records.
  static constexpr std::uint32_t kNoMachine = UINT32_MAX;

  friend constexpr auto operator<=>(const At& a, const At& b) { return a.record <=> b.record; }
  friend constexpr bool operator==(const At& a, const At& b) { return a.record == b.record; }
};

/// A type of records without its type. There is one object of this kind a type.
struct RecordType {
  /// `fact_name` or `record_name` where the type has one, else its unqualified name.
  std::string_view name;
  /// Hash of the name, by which a record finds the properties that see it.
  std::uint64_t key;
  /// Whether such records come from a process's journal.
  bool is_fact;
  void (*visit)(const void* record, void* context,
                void (*field)(void* context, std::string_view name, const FieldValue& value));
  /// For people: `to_text(record)` where there is one, else the name and the fields.
  std::string (*text)(const void* record);
  /// What `record.words()` says, or `to_text(record)`; empty where there is neither. See
  /// record_words.h.
  std::string (*words)(const void* record);
  /// A copy of its own, for a record that is held back.
  std::shared_ptr<const void> (*copy)(const void* record);
};

namespace detail {

/// Source: Fowler, Noll and Vo, FNV-1a, 64 bits.
constexpr std::uint64_t record_key(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3ULL;
  }
  return hash;
}

template <typename Record>
concept IsFact = requires { Record::fact_name; };

template <typename Record>
constexpr std::string_view record_name() {
  if constexpr (IsFact<Record>) {
    return Record::fact_name;
  } else if constexpr (requires { Record::record_name; }) {
    return Record::record_name;
  } else {
    return type_name<Record>();
  }
}

template <typename Record>
void visit_record(const void* record, void* context,
                  void (*field)(void*, std::string_view, const FieldValue&)) {
  for_each_field(
      *static_cast<const Record*>(record),
      [&](std::string_view name, const FieldValue& value) { field(context, name, value); });
}

template <typename Record>
std::string record_text(const void* record) {
  if constexpr (requires(const Record& known) { std::string(to_text(known)); }) {
    return std::string(to_text(*static_cast<const Record*>(record)));
  } else {
    std::string line(record_name<Record>());
    for_each_field(*static_cast<const Record*>(record),
                   [&](std::string_view name, const FieldValue& value) {
                     line.append(" ").append(name).append("=").append(millrace::to_text(value));
                   });
    return line;
  }
}

template <typename Record>
std::string record_words(const void* record) {
  if constexpr (requires(const Record& known) { std::string(known.words()); }) {
    return static_cast<const Record*>(record)->words();
  } else if constexpr (requires(const Record& known) { std::string(to_text(known)); }) {
    return std::string(to_text(*static_cast<const Record*>(record)));
  } else {
    return {};
  }
}

template <typename Record>
std::shared_ptr<const void> copy_record(const void* record) {
  return std::make_shared<Record>(*static_cast<const Record*>(record));
}

}  // namespace detail

/// The description of a type of records. Two types with one name must not meet in one Registry
/// (checked there).
template <HasFields Record>
inline constexpr RecordType kRecordType{
    .name = detail::record_name<Record>(),
    .key = detail::record_key(detail::record_name<Record>()),
    .is_fact = detail::IsFact<Record>,
    .visit = &detail::visit_record<Record>,
    .text = &detail::record_text<Record>,
    .words = &detail::record_words<Record>,
    .copy = &detail::copy_record<Record>,
};

}  // namespace millrace::run

namespace millrace {
using run::At;
}  // namespace millrace
