#pragma once

// The segment store as a process: what formats its disk, and what runs.

#include "system/base/result.h"
#include "system/env/env.h"
#include "system/segment_store/config.h"

namespace millrace::segment_store {

/// Makes the disk that of an empty store, durable, whatever was on it. Only the identity, which
/// comes last, makes it one: formatting that did not finish is to be done again. Errors: kNoSpace,
/// kIo. Blocks: by the disk.
Result<void> format_segment_store(Env& env, const SegmentStoreConfig& config);

/// Recovers and serves. Returns only with the reason why the store cannot serve any longer; the
/// process may then be started again, and after kForeign or kCorrupt only by somebody who knows
/// better. The body of a process's first task, which is never cancelled: a store is stopped by
/// killing it.
/// Errors: kForeign (not formatted, or for another store), kCorrupt, kAlreadyExists (the port is
/// taken), kIo, kNoSpace.
Result<void> segment_store_main(Env& env, const SegmentStoreConfig& config);

}  // namespace millrace::segment_store
