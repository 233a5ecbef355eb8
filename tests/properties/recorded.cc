#include "tests/properties/recorded.h"

#include <optional>
#include <ostream>

#include "properties/catalogue.h"
#include "sim/run/property_set.h"
#include "sim/run/registry.h"
#include "sim/run/scenario.h"

namespace millrace::properties {
namespace {

const run::RecordType& type_of(const Recorded& recorded) {
  return *std::visit([]<typename Record>(const Record&) { return &run::kRecordType<Record>; },
                     recorded.record);
}

const void* pointer_to(const Recorded& recorded) {
  return std::visit([](const auto& record) { return static_cast<const void*>(&record); },
                    recorded.record);
}

Registry catalogue() {
  Registry registry;
  register_all(registry);
  return registry;
}

}  // namespace

std::string_view name_of(const Recorded& recorded) { return type_of(recorded).name; }

std::ostream& operator<<(std::ostream& out, const Recorded& recorded) {
  return out << type_of(recorded).text(pointer_to(recorded));
}

std::set<std::string> Judgement::objectors() const {
  std::set<std::string> properties;
  for (const std::string& objection : objections) {
    properties.insert(objection.substr(0, objection.find('/')));
  }
  return properties;
}

Judgement judge(const Recording& recording) {
  static const Registry registry = catalogue();
  static const run::Scenario scenario;
  static const std::string machine = "store-1";
  run::PropertySet set(
      registry, scenario, [](const run::PropertyType&) { return std::optional<std::string>(); },
      [](std::uint32_t) -> const std::string& { return machine; });
  At at;
  for (const Recorded& recorded : recording) {
    ++at.record;
    ++at.ordinal;
    at.machine = recorded.machine;
    set.take(type_of(recorded).key, pointer_to(recorded), at);
  }
  set.at_end(at);
  Judgement judgement;
  for (const run::Objection& objection : set.objections()) {
    judgement.objections.insert(objection.signature);
  }
  for (const run::PropertyResult& result : set.results(true)) {
    if (result.evaluated > 0) judgement.evaluated.insert(result.id);
  }
  return judgement;
}

std::set<std::string> all_classes() {
  std::set<std::string> classes;
  const Registry registry = catalogue();
  for (const run::PropertyType& type : registry.properties()) {
    for (const std::string_view name : type.classes) {
      classes.insert(std::string(type.claim.id) + '/' + std::string(name));
    }
  }
  return classes;
}

}  // namespace millrace::properties
