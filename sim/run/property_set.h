#pragma once

// The properties of one run at work: who sees which record, and what they object to.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/run/property.h"
#include "sim/run/registry.h"
#include "sim/run/run_record.h"
#include "sim/run/scenario.h"

namespace millrace::run {

/// Makes the properties of a registry for one run, shows them records, and keeps what they say.
class PropertySet {
 public:
  /// Why a property's objections do not count any more; none while they do.
  using Excuse = std::function<std::optional<std::string>(const PropertyType&)>;
  /// Name of a machine by its index.
  using MachineName = std::function<const std::string&(std::uint32_t)>;

  /// The registry and the scenario outlive the set.
  PropertySet(const Registry& registry, const Scenario& scenario, Excuse excuse,
              MachineName machine_name);
  ~PropertySet();
  PropertySet(const PropertySet&) = delete;
  PropertySet& operator=(const PropertySet&) = delete;

  /// Whether some property sees records with this key. Cost: O(log types).
  bool wants(std::uint64_t key) const { return find(key) != nullptr; }

  /// Whether this property does. Cost: as wants(), and the number of its subscribers.
  bool sees(std::string_view property, std::uint64_t key) const;

  /// Shows a record. Returns whether a property objected.
  bool take(std::uint64_t key, const void* record, At at);

  /// Lets each property judge at the end.
  void at_end(At at);

  /// What was objected to, in order.
  const std::vector<Objection>& objections() const { return objections_; }

  /// What became of each property. `has_ended` tells whether at_end() was called.
  std::vector<PropertyResult> results(bool has_ended) const;

 private:
  class Instance;
  struct Subscriber {
    Instance* instance = nullptr;
    void* property = nullptr;
    PropertyType::Handler handler = nullptr;
    bool counts_records = false;
  };
  struct Subscribers {
    std::uint64_t key = 0;
    std::vector<Subscriber> all;
  };

  const Subscribers* find(std::uint64_t key) const;

  Excuse excuse_;
  MachineName machine_name_;
  SharedParts shared_;  // Outlives the properties.
  std::vector<std::unique_ptr<Instance>> instances_;
  std::vector<Subscribers> subscribers_;  // Sorted by key.
  std::vector<Objection> objections_;
  At at_;  // Of the record that is judged, or of the end.
};

}  // namespace millrace::run
