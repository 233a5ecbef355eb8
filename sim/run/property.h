#pragma once

// Properties: what must hold in every run, as small classes that see records.
//
//   /// Every acknowledged write is read by the end. Cost: O(log n) a record.
//   class AckedIsRead {
//    public:
//     static constexpr Claim claim{"MINE-1", "acked_is_read", "Every acknowledged write ..."};
//     using Sees = Records<Acked, Read>;
//     void on(const Acked& e, At at);
//     void on(const Read& e, At at, Judge& judge);   // The Judge is optional.
//     void at_end(Judge& judge);                     // Optional.
//   };
//
// Beside `claim` and `Sees` a property may declare
//   static constexpr std::array<std::string_view, N> classes{"lost", "late"};  its closed list of
//       failure classes; without it the list is "violated". The signature of a failure is
//       property/class, so a class says what sort of failure it is and never names an entity.
//   static constexpr std::array<Assumption, N> needs{Assumption::kLeaseTiming};  what a run must
//   not
//       break for the property to be judged in it (sim/kernel/meters.h). Once a fault broke one,
//       the property is not judged, with the reason. A kEventually always needs kDisksWithinBudget.
//
//   static constexpr bool judges_last = true;  its at_end() comes after that of all others, so that
//       theirs are the objections that count where several have one.
//   using Shares = Names;  what it keeps in common with other properties: it is made with a Names&,
//       one a run for all that share it, which outlives them. What one does to it may not change
//       what another says: a run may skip either.
//
// A property is made anew for each run, sees the records of its types in their order, and judges
// online, from on(), or at the end of the run. It never draws and never sees a server.
//
// `evaluated` of a property counts its comparisons with a subject. A property with an on() that
// takes the Judge counts them itself, by judge.compared(); for any other each record counts as one.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/kernel/meters.h"
#include "sim/run/record.h"

namespace millrace::run {

using sim::Assumption;

/// How a claim is to be read.
enum class PropertyKind : std::uint8_t {
  kAlways,      ///< Holds at every moment, and at the end.
  kEventually,  ///< Holds once the core was healed: judged only where the settle phase was reached
                ///< and no group lost more disks than it may.
  kSometimes,   ///< Is seen in at least one run of a campaign; see Judge::witnessed().
  kNever,       ///< Its objection is the thing that must not be seen. Judged as kAlways.
};

/// "always", "eventually", "sometimes" or "never".
std::string_view to_text(PropertyKind kind);

/// What a property claims. All texts are literals.
struct Claim {
  std::string_view id;        ///< "DUR-1"
  std::string_view name;      ///< "acked_is_durable"
  std::string_view sentence;  ///< "Every acknowledged event is in the stream at the end."
  PropertyKind kind = PropertyKind::kAlways;
};

/// The types of records that a property sees.
template <HasFields... Record>
struct Records {};

/// An objection.
struct Violation {
  /// One of the property's classes; empty stands for its only one.
  std::string_view failure_class = {};
  /// What was seen, and what should have been; one line each, for people.
  std::string seen = {};
  std::string expected = {};
  /// The records that show it.
  std::vector<At> evidence = {};
};

/// Takes a property's objections. Valid for the call that it is given to.
class Judge {
 public:
  virtual ~Judge() = default;

  /// Objects. The first objection ends the run; an objection of another property at the same record
  /// or at the end is noted as its consequence.
  virtual void violated(Violation violation) = 0;

  /// Counts comparisons with a subject.
  virtual void compared(std::uint64_t count = 1) = 0;

  /// For kSometimes: it was seen in this run.
  virtual void witnessed() = 0;

  /// Where the judged record stands; at the end, where the run ended.
  virtual At at() const = 0;

  /// Name of a machine, from At::machine, for `seen` and `expected`.
  virtual const std::string& machine_name(std::uint32_t machine) const = 0;
};

/// What the properties of one run share: an object of each type, made when first asked for.
class SharedParts {
 public:
  SharedParts() = default;
  SharedParts(const SharedParts&) = delete;
  SharedParts& operator=(const SharedParts&) = delete;

  template <typename Part>
  Part& part() {
    for (const auto& [type, part] : parts_) {
      if (type == &kTypeTag<Part>) return *static_cast<Part*>(part.get());
    }
    parts_.emplace_back(&kTypeTag<Part>, std::make_shared<Part>());
    return *static_cast<Part*>(parts_.back().second.get());
  }

 private:
  /// Its address stands for the type.
  template <typename Part>
  static constexpr char kTypeTag = 0;

  std::vector<std::pair<const char*, std::shared_ptr<void>>> parts_;
};

/// A type of properties without its type, as a Registry keeps it.
struct PropertyType {
  using Handler = void (*)(void* property, const void* record, At at, Judge& judge);
  struct Subscription {
    const RecordType* type = nullptr;
    Handler handler = nullptr;
  };

  Claim claim;
  std::vector<std::string_view> classes;
  std::vector<Assumption> needs;
  std::vector<Subscription> sees;
  /// Whether each record counts as one comparison.
  bool counts_records = false;
  std::shared_ptr<void> (*make)(SharedParts& shared) = nullptr;
  void (*at_end)(void* property, Judge& judge) = nullptr;
  bool judges_last = false;
};

namespace detail {

template <typename Property, typename Record>
concept JudgesOnline = requires(Property property, const Record& record, At at, Judge& judge) {
  property.on(record, at, judge);
};

template <typename Property, typename Record>
void handle_record(void* property, const void* record, At at, Judge& judge) {
  auto& subject = *static_cast<Property*>(property);
  const auto& seen = *static_cast<const Record*>(record);
  if constexpr (JudgesOnline<Property, Record>) {
    subject.on(seen, at, judge);
  } else {
    subject.on(seen, at);
  }
}

template <typename Property>
std::shared_ptr<Property> make_property(SharedParts& shared) {
  if constexpr (requires { typename Property::Shares; }) {
    return std::make_shared<Property>(shared.part<typename Property::Shares>());
  } else {
    return std::make_shared<Property>();
  }
}

template <typename Property, typename... Record>
void add_subscriptions(PropertyType& type, Records<Record...> /*sees*/) {
  (type.sees.push_back({.type = &kRecordType<Record>, .handler = &handle_record<Property, Record>}),
   ...);
  type.counts_records = !(JudgesOnline<Property, Record> || ...);
}

}  // namespace detail

/// The description of a property; see the top of this file for what `Property` declares.
template <typename Property>
PropertyType property_type() {
  PropertyType type;
  type.claim = Property::claim;
  if constexpr (requires { Property::classes; }) {
    type.classes.assign(Property::classes.begin(), Property::classes.end());
  } else {
    type.classes = {"violated"};
  }
  if constexpr (requires { Property::needs; }) {
    type.needs.assign(Property::needs.begin(), Property::needs.end());
  }
  detail::add_subscriptions<Property>(type, typename Property::Sees{});
  type.make = [](SharedParts& shared) {
    return std::static_pointer_cast<void>(detail::make_property<Property>(shared));
  };
  type.at_end = [](void* property, Judge& judge) {
    if constexpr (requires(Property subject) { subject.at_end(judge); }) {
      static_cast<Property*>(property)->at_end(judge);
    }
  };
  if constexpr (requires { Property::judges_last; }) type.judges_last = Property::judges_last;
  return type;
}

}  // namespace millrace::run

namespace millrace {
using run::Claim;
using run::Judge;
using run::PropertyKind;
using run::Records;
using run::Violation;
using sim::Assumption;
}  // namespace millrace
