// Slips: records that are left out, shown twice, or shown after the next one.

#include <algorithm>
#include <array>
#include <iterator>

#include "system/base/check.h"
#include "tests/properties/history_mutations.h"

namespace millrace::properties {
namespace {

const std::array kSlipCases{
    // Somebody is needed who saw it.
    SlipCase{Slip::kDrop, "append_invoked", {"PHA-1"}},
    SlipCase{Slip::kDrop, "event_read", {"DUR-1", "ORD-2"}},
    SlipCase{Slip::kDrop, "truncate_invoked", {"ORD-2", "SEG-2"}},
    SlipCase{Slip::kDrop, "block_invoked", {"APP-2"}},
    SlipCase{Slip::kDrop, "ContainerRecovered", {"LEAK-1"}},
    SlipCase{Slip::kDrop, "client_finished", {"REC-1"}},
    SlipCase{Slip::kDrop, "operation_ended", {"REC-2"}},
    // Nothing but a delivery is wrong when it comes twice.
    SlipCase{Slip::kDuplicate, "event_read", {"DUP-1"}},
    // The next record may be the next event, or the end of the scan.
    SlipCase{Slip::kSwap, "event_read", {"DUP-1", "DUR-1", "ORD-1", "ORD-2"}},
    // The next record may show what the request already did, or be the answer to another request
    // that took its effect after this one did.
    SlipCase{Slip::kSwap, "append_invoked", {"PHA-1", "SEG-1"}},
    SlipCase{Slip::kSwap, "conditional_invoked", {"APP-1"}},
    SlipCase{Slip::kSwap, "info_invoked", {"SEG-1", "SEG-2", "SEG-4", "VIS-1"}},
    SlipCase{Slip::kSwap, "read_invoked", {"SEG-2"}},
    SlipCase{Slip::kSwap, "truncate_invoked", {"ORD-2", "SEG-2"}},
    // The next fact may tell of a later state, or of another boot.
    SlipCase{Slip::kSwap, "ContainerApplied", {"CRASH-1"}},
    SlipCase{Slip::kSwap, "ContainerRecovered", {"CRASH-1", "LEAK-1"}},
    SlipCase{Slip::kSwap, "StoreLoad", {"LEAK-1"}},
};

}  // namespace

void slip(Recording& recording, Slip slip, std::size_t site) {
  CHECK(site + 1 < recording.size(), "a slip has a record behind it");
  const auto place = recording.begin() + static_cast<std::ptrdiff_t>(site);
  switch (slip) {
    case Slip::kDrop:
      recording.erase(place);
      return;
    case Slip::kDuplicate: {
      const Recorded copy = *place;
      recording.insert(place, copy);
      return;
    }
    case Slip::kSwap:
      std::iter_swap(place, place + 1);
      return;
  }
}

std::span<const SlipCase> slip_cases() { return kSlipCases; }

}  // namespace millrace::properties
