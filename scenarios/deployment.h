#pragma once

// Where the streams of a scenario are: the settings that a scenario has for them, the placement
// that a plan adds, and the directory that clients get from both.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/run/client.h"
#include "sim/run/plan.h"
#include "sim/run/registry.h"
#include "system/base/knobs.h"
#include "system/client/directory.h"
#include "system/types/routing.h"
#include "system/types/segment_id.h"

namespace millrace::scenarios {

/// The port of every segment store.
inline constexpr std::uint16_t kStorePort = 9000;

inline constexpr std::uint32_t kSegmentsMax = 64;

/// Settings of one stream: `streams.NAME.segments`.
struct StreamSettings {
  std::uint32_t segments = 1;

  static constexpr auto knobs = millrace::knobs(knob("segments", &StreamSettings::segments,
                                                     {.unit = "segments",
                                                      .low = 1,
                                                      .high = kSegmentsMax,
                                                      .about = "Segments that share its keys."}));
};

/// Clients need a stream, and each of its segments a store: says what of it is missing.
std::optional<run::PlanMistake> check_streams(const run::Plan& plan);

/// Adds `placement.NAME/n` to the plan's settings: the store of each segment, drawn.
void place_segments(run::Plan& plan, run::PlanDraws& draws);

/// A stream of the plan.
struct Stream {
  StreamName name;
  SegmentMap segments;
};

/// The streams of the plan, sorted by name.
std::vector<Stream> streams_of(const run::Directory& directory);

/// Every segment of every stream, sorted.
std::vector<SegmentId> segments_of(const run::Directory& directory);

/// The first key from `start` on that belongs to a segment of the stream.
std::uint32_t key_of(const Stream& stream, const SegmentId& segment, std::uint32_t start);

/// What clients ask for segments and stores.
client::StaticDirectory make_directory(const run::Directory& directory);

}  // namespace millrace::scenarios
