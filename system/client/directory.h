#pragma once

// Where the segments of a stream are: which ranges of keys they take, and which store serves them.
//
// A controller will answer these questions one day; the StaticDirectory answers them from a table
// that the deployment wrote.

#include <map>

#include "system/base/result.h"
#include "system/base/time.h"
#include "system/env/network.h"
#include "system/types/routing.h"
#include "system/types/segment_id.h"
#include "system/types/stream_name.h"

namespace millrace::client {

/// Answers what a client must know before it can talk to a store.
class Directory {
 public:
  virtual ~Directory() = default;

  /// The segments of a stream that take new events.
  /// Errors: kNotFound for no such stream; kTimeout, kCancelled, kUnavailable.
  virtual Result<SegmentMap> segments(const StreamName& stream, Instant deadline) = 0;

  /// The store that serves a segment, as far as is known.
  /// Errors: kNotFound for no such segment; kTimeout, kCancelled, kUnavailable.
  virtual Result<Address> store_of(const SegmentId& segment, Instant deadline) = 0;

  /// Says that the last answer of `store_of` was wrong: the next one must be fresh.
  virtual void forget(const SegmentId& segment) = 0;
};

/// A directory that never changes after it was filled. No call gives way.
class StaticDirectory final : public Directory {
 public:
  /// Adds a stream whose segments all have a store in `stores`, and no stream of that name is there
  /// yet (checked).
  void add(const StreamName& stream, SegmentMap segments,
           const std::map<SegmentId, Address>& stores);

  Result<SegmentMap> segments(const StreamName& stream, Instant deadline) override;
  Result<Address> store_of(const SegmentId& segment, Instant deadline) override;
  void forget(const SegmentId& segment) override;

 private:
  std::map<StreamName, SegmentMap> streams_;
  std::map<SegmentId, Address> stores_;
};

}  // namespace millrace::client
