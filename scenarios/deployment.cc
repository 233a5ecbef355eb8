#include "scenarios/deployment.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "scenarios/workloads/payload.h"
#include "system/base/check.h"
#include "system/base/units.h"

namespace millrace::scenarios {
namespace {

constexpr std::string_view kStreams = "streams.";
constexpr std::string_view kSegments = ".segments";
constexpr std::string_view kRole = "segment_store";

StreamName stream_name(std::string_view text) {
  const Result<StreamName> name = StreamName::parse(text);
  CHECK(name.has_value(), "a plan's streams were checked when it was made");
  return *name;
}

/// The number of segments that a setting asks for; nothing where it is no such number.
std::optional<std::uint32_t> segment_count(std::string_view text) {
  const Result<std::int64_t> count = parse_integer(text);
  if (!count.has_value() || *count < 1 || *count > kSegmentsMax) return std::nullopt;
  return static_cast<std::uint32_t>(*count);
}

/// Where the plan says which store has a segment.
std::string placement_path(const StreamName& stream, std::uint32_t number) {
  return "placement." + to_text(SegmentId{.stream = stream, .number = number});
}

/// Calls `visit(name, setting)` for each stream of the settings, sorted by name.
template <typename Settings, typename Visit>
void for_each_stream_setting(const Settings& settings, Visit visit) {
  for (const auto& setting : settings) {
    const std::string_view path = setting.first;
    if (!path.starts_with(kStreams) || !path.ends_with(kSegments)) continue;
    if (path.size() <= kStreams.size() + kSegments.size()) continue;
    visit(path.substr(kStreams.size(), path.size() - kStreams.size() - kSegments.size()), setting);
  }
}

/// Calls `visit(name, segment count)` for each stream of the settings, sorted by name.
template <typename Settings, typename Visit>
void for_each_stream(const Settings& settings, Visit visit) {
  for_each_stream_setting(settings, [&](std::string_view name, const auto& setting) {
    const std::optional<std::uint32_t> count = segment_count(setting.second);
    CHECK(count.has_value(), "a plan's settings were checked when it was made");
    visit(stream_name(name), *count);
  });
}

std::vector<std::string> stores_of(const run::Plan& plan) {
  std::vector<std::string> stores;
  for (const run::PlanMachine& machine : plan.machines) {
    if (machine.role == kRole) stores.push_back(machine.name);
  }
  return stores;
}

/// What is wrong with one stream of a plan.
std::optional<run::PlanMistake> check_stream(const run::Plan& plan, std::string_view name,
                                             const std::string& path, const std::string& segments) {
  const Result<StreamName> stream = StreamName::parse(name);
  if (!stream.has_value()) return run::PlanMistake{.path = path, .what = stream.error().detail};
  const std::optional<std::uint32_t> count = segment_count(segments);
  if (!count.has_value()) {
    return run::PlanMistake{
        .path = path,
        .what = "a number from 1 to " + std::to_string(kSegmentsMax) + " is expected"};
  }
  const std::vector<std::string> stores = stores_of(plan);
  for (std::uint32_t number = 0; number < *count; ++number) {
    const std::string place = placement_path(*stream, number);
    const auto store = plan.settings.find(place);
    const bool has_store =
        store != plan.settings.end() && std::ranges::find(stores, store->second) != stores.end();
    if (has_store) continue;
    return run::PlanMistake{.path = place,
                            .what = "a machine of the role segment_store is expected"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<run::PlanMistake> check_streams(const run::Plan& plan) {
  if (stores_of(plan).empty()) {
    return run::PlanMistake{.path = "cluster.segment_store",
                            .what = "at least one machine of this role is expected"};
  }
  bool has_stream = false;
  std::optional<run::PlanMistake> first;
  for_each_stream_setting(plan.settings, [&](std::string_view name, const auto& setting) {
    has_stream = true;
    if (!first.has_value()) first = check_stream(plan, name, setting.first, setting.second);
  });
  if (has_stream) return first;
  return run::PlanMistake{
      .path = "streams",
      .what = "at least one stream is expected, such as streams.orders.segments = 2"};
}

void place_segments(run::Plan& plan, run::PlanDraws& draws) {
  const std::vector<std::string> stores = stores_of(plan);
  if (stores.empty()) return;
  std::map<std::string, std::string> placement;
  for_each_stream(plan.settings, [&](const StreamName& stream, std::uint32_t count) {
    for (std::uint32_t number = 0; number < count; ++number) {
      const std::string place = placement_path(stream, number);
      const std::int64_t store =
          draws.between(place, 0, 0, static_cast<std::int64_t>(stores.size()) - 1);
      placement[place] = stores[static_cast<std::size_t>(store)];
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
      const std::string& machine =
          directory.setting(placement_path(entry.segment.stream, entry.segment.number));
      stores[entry.segment] = {.machine = machine, .port = kStorePort};
    }
    made.add(stream.name, stream.segments, stores);
  }
  return made;
}

}  // namespace millrace::scenarios
