#include "scenarios/deployment.h"

#include <map>
#include <string_view>
#include <utility>

#include "scenarios/workloads/payload.h"
#include "system/base/check.h"
#include "system/base/units.h"

namespace millrace::scenarios {
namespace {

constexpr std::string_view kStreams = "streams.";
constexpr std::string_view kSegments = ".segments";

StreamName stream_name(std::string_view text) {
  const Result<StreamName> name = StreamName::parse(text);
  CHECK(name.has_value(), "the loader admits legal names only");
  return *name;
}

/// Calls `visit(name, segment count)` for each stream of the settings, sorted by name.
template <typename Settings, typename Visit>
void for_each_stream(const Settings& settings, Visit visit) {
  for (const auto& [path, value] : settings) {
    if (!path.starts_with(kStreams) || !path.ends_with(kSegments)) continue;
    const std::string_view name = std::string_view(path).substr(
        kStreams.size(), path.size() - kStreams.size() - kSegments.size());
    const Result<std::int64_t> count = parse_integer(value);
    CHECK(count.has_value(), "a plan's settings were checked when it was made");
    visit(stream_name(name), static_cast<std::uint32_t>(*count));
  }
}

}  // namespace

void place_segments(run::Plan& plan, run::PlanDraws& draws) {
  std::vector<std::string> stores;
  for (const run::PlanMachine& machine : plan.machines) {
    if (machine.role == "segment_store") stores.push_back(machine.name);
  }
  if (stores.empty()) return;
  std::map<std::string, std::string> placement;
  for_each_stream(plan.settings, [&](const StreamName& stream, std::uint32_t count) {
    for (std::uint32_t number = 0; number < count; ++number) {
      const std::string segment = to_text(SegmentId{.stream = stream, .number = number});
      const std::int64_t store =
          draws.between("placement." + segment, 0, 0, static_cast<std::int64_t>(stores.size()) - 1);
      placement["placement." + segment] = stores[static_cast<std::size_t>(store)];
    }
  });
  plan.settings.insert(placement.begin(), placement.end());
}

std::vector<Stream> streams_of(const run::Directory& directory) {
  std::vector<Stream> streams;
  for_each_stream(directory.settings(), [&](const StreamName& stream, std::uint32_t count) {
    streams.push_back({.name = stream, .segments = SegmentMap::equal_split(stream, count)});
  });
  return streams;
}

std::vector<SegmentId> segments_of(const run::Directory& directory) {
  std::vector<SegmentId> segments;
  for (const Stream& stream : streams_of(directory)) {
    for (const SegmentMap::Entry& entry : stream.segments.entries()) {
      segments.push_back(entry.segment);
    }
  }
  return segments;
}

std::uint32_t key_of(const Stream& stream, const SegmentId& segment, std::uint32_t start) {
  std::uint32_t key = start;
  while (stream.segments.segment_of(hash_routing_key(routing_key(key))) != segment) ++key;
  return key;
}

client::StaticDirectory make_directory(const run::Directory& directory) {
  client::StaticDirectory made;
  for (const Stream& stream : streams_of(directory)) {
    std::map<SegmentId, Address> stores;
    for (const SegmentMap::Entry& entry : stream.segments.entries()) {
      const std::string& machine = directory.setting("placement." + to_text(entry.segment));
      stores[entry.segment] = {.machine = machine, .port = kStorePort};
    }
    made.add(stream.name, stream.segments, stores);
  }
  return made;
}

}  // namespace millrace::scenarios
