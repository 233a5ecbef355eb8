#include "system/client/directory.h"

#include <utility>

#include "system/base/check.h"

namespace millrace::client {

void StaticDirectory::add(const StreamName& stream, SegmentMap segments,
                          const std::map<SegmentId, Address>& stores) {
  for (const SegmentMap::Entry& entry : segments.entries()) {
    const auto store = stores.find(entry.segment);
    CHECK(store != stores.end(), "every segment is placed somewhere");
    stores_.insert_or_assign(entry.segment, store->second);
  }
  const bool is_new = streams_.emplace(stream, std::move(segments)).second;
  CHECK(is_new, "a stream is added once");
}

Result<SegmentMap> StaticDirectory::segments(const StreamName& stream, Instant /*deadline*/) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return fail(Errc::kNotFound, "stream " + to_text(stream));
  return found->second;
}

Result<Address> StaticDirectory::store_of(const SegmentId& segment, Instant /*deadline*/) {
  const auto found = stores_.find(segment);
  if (found == stores_.end()) return fail(Errc::kNotFound, "segment " + to_text(segment));
  return found->second;
}

// What is known here never changes, so there is nothing to ask anew.
void StaticDirectory::forget(const SegmentId& /*segment*/) {}

}  // namespace millrace::client
