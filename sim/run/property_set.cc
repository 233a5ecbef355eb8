#include "sim/run/property_set.h"

#include <algorithm>

#include "sim/run/signature.h"
#include "system/base/check.h"

namespace millrace::run {

/// One property of the run, and the judge that it speaks to.
class PropertySet::Instance final : public Judge {
 public:
  Instance(PropertySet& set, const PropertyType& type)
      : set_(set), type_(type), property_(type.make(set.shared_)) {}

  const PropertyType& type() const { return type_; }
  bool is_skipped() const { return skip_reason_.has_value(); }
  void skip(std::string reason) { skip_reason_ = std::move(reason); }

  void* property() { return property_.get(); }
  void end() { type_.at_end(property_.get(), *this); }

  void violated(Violation violation) override;
  void compared(std::uint64_t count) override { evaluated_ += count; }
  void witnessed() override { is_witnessed_ = true; }
  At at() const override { return set_.at_; }
  const std::string& machine_name(std::uint32_t machine) const override {
    return set_.machine_name_(machine);
  }

  PropertyResult result(bool has_ended) const;

 private:
  std::pair<PropertyVerdict, std::string> verdict(bool has_ended) const;

  PropertySet& set_;
  const PropertyType& type_;
  std::shared_ptr<void> property_;
  std::uint64_t evaluated_ = 0;
  bool has_failed_ = false;
  bool is_witnessed_ = false;
  std::optional<std::string> skip_reason_;
};

void PropertySet::Instance::violated(Violation violation) {
  if (has_failed_) return;  // The first objection of a property says it all.
  if (set_.excuse_(type_).has_value()) return;
  const std::string_view failure_class =
      violation.failure_class.empty() && type_.classes.size() == 1 ? type_.classes.front()
                                                                   : violation.failure_class;
  const bool is_listed = std::ranges::find(type_.classes, failure_class) != type_.classes.end();
  CHECK(is_listed, "a property objects with a class of its own list");
  has_failed_ = true;
  set_.objections_.push_back({.property = std::string(type_.claim.id),
                              .name = std::string(type_.claim.name),
                              .signature = property_signature(type_.claim.id, failure_class),
                              .claim = std::string(type_.claim.sentence),
                              .seen = std::move(violation.seen),
                              .expected = std::move(violation.expected),
                              .evidence = std::move(violation.evidence),
                              .at = set_.at_});
}

std::pair<PropertyVerdict, std::string> PropertySet::Instance::verdict(bool has_ended) const {
  if (is_skipped()) return {PropertyVerdict::kSkipped, *skip_reason_};
  if (has_failed_) return {PropertyVerdict::kFailed, ""};
  if (const std::optional<std::string> excuse = set_.excuse_(type_)) {
    return {PropertyVerdict::kNotJudged, *excuse};
  }
  switch (type_.claim.kind) {
    case PropertyKind::kSometimes:
      return {is_witnessed_ ? PropertyVerdict::kHeld : PropertyVerdict::kNotSeen, ""};
    case PropertyKind::kEventually:
      if (!has_ended) return {PropertyVerdict::kNotJudged, "the run ended before"};
      break;
    case PropertyKind::kAlways:
    case PropertyKind::kNever:
      break;
  }
  return {evaluated_ > 0 ? PropertyVerdict::kHeld : PropertyVerdict::kNotEvaluated, ""};
}

PropertyResult PropertySet::Instance::result(bool has_ended) const {
  auto [judged, reason] = verdict(has_ended);
  return {.id = std::string(type_.claim.id),
          .name = std::string(type_.claim.name),
          .kind = type_.claim.kind,
          .verdict = judged,
          .evaluated = evaluated_,
          .reason = std::move(reason)};
}

PropertySet::PropertySet(const Registry& registry, const Scenario& scenario, Excuse excuse,
                         MachineName machine_name)
    : excuse_(std::move(excuse)), machine_name_(std::move(machine_name)) {
  for (const PropertyType& type : registry.properties()) {
    instances_.push_back(std::make_unique<Instance>(*this, type));
    Instance& instance = *instances_.back();
    for (const ScenarioSkip& skipped : scenario.skips) {
      if (registry.find_property(skipped.id) == &type) instance.skip(skipped.reason);
    }
    if (instance.is_skipped()) continue;
    for (const PropertyType::Subscription& seen : type.sees) {
      auto place = std::ranges::lower_bound(subscribers_, seen.type->key, {}, &Subscribers::key);
      if (place == subscribers_.end() || place->key != seen.type->key) {
        place = subscribers_.insert(place, {.key = seen.type->key, .all = {}});
      }
      place->all.push_back({.instance = &instance,
                            .property = instance.property(),
                            .handler = seen.handler,
                            .counts_records = type.counts_records});
    }
  }
}

PropertySet::~PropertySet() = default;

const PropertySet::Subscribers* PropertySet::find(std::uint64_t key) const {
  const auto place = std::ranges::lower_bound(subscribers_, key, {}, &Subscribers::key);
  return place == subscribers_.end() || place->key != key ? nullptr : &*place;
}

bool PropertySet::sees(std::string_view property, std::uint64_t key) const {
  const Subscribers* const found = find(key);
  return found != nullptr && std::ranges::any_of(found->all, [&](const Subscriber& subscriber) {
           return subscriber.instance->type().claim.id == property;
         });
}

bool PropertySet::take(std::uint64_t key, const void* record, At at) {
  const Subscribers* const found = find(key);
  if (found == nullptr) return false;
  at_ = at;
  const std::size_t before = objections_.size();
  for (const Subscriber& subscriber : found->all) {
    if (subscriber.counts_records) subscriber.instance->compared(1);
    subscriber.handler(subscriber.property, record, at, *subscriber.instance);
  }
  return objections_.size() > before;
}

void PropertySet::at_end(At at) {
  at_ = at;
  for (const bool is_last : {false, true}) {
    for (const auto& instance : instances_) {
      const bool has_its_turn = instance->type().judges_last == is_last;
      if (has_its_turn && !instance->is_skipped()) instance->end();
    }
  }
}

std::vector<PropertyResult> PropertySet::results(bool has_ended) const {
  std::vector<PropertyResult> results;
  for (const auto& instance : instances_) results.push_back(instance->result(has_ended));
  return results;
}

}  // namespace millrace::run
