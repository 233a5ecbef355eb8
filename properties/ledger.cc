#include "properties/ledger.h"

namespace millrace::properties {

std::uint32_t Ledger::keep(const At& at) {
  if (stamp_count_ != 0 && record_of(stamp_count_) == at.record) return stamp_count_;
  CHECK(stamp_count_ < UINT32_MAX, "a run has fewer records than that");
  stamps_[++stamp_count_] = Stamp(at);
  return stamp_count_;
}

}  // namespace millrace::properties
