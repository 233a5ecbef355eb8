// Violations about the bounds of segments.

#include <array>

#include "system/base/error.h"
#include "tests/properties/history_mutations.h"
#include "tests/properties/recorded_search.h"

namespace millrace::properties {
namespace {

Sites looks_after_an_ack(const Recording& all) {
  return sites_of<InfoAnswered>(all, [&](std::size_t site, const InfoAnswered& answered) {
    const std::size_t request = request_of<InfoInvoked>(all, site, answered.operation);
    return is_acked_before(all, request, answered.segment);
  });
}

Sites looks_after_a_truncation(const Recording& all) {
  return sites_of<InfoAnswered>(all, [&](std::size_t site, const InfoAnswered& answered) {
    const std::size_t request = request_of<InfoInvoked>(all, site, answered.operation);
    return truncated_before(all, request, answered.segment) > 0;
  });
}

Sites looks_after_a_seal(const Recording& all) {
  return sites_of<InfoAnswered>(all, [&](std::size_t site, const InfoAnswered& answered) {
    const std::size_t request = request_of<InfoInvoked>(all, site, answered.operation);
    return is_sealed_before(all, request, answered.segment);
  });
}

/// Whether somebody asks for the segment's bounds after `site`.
bool is_asked_again(const Recording& all, std::size_t site, const SegmentId& segment) {
  return has<InfoInvoked>(all, site, all.size(),
                          [&](const InfoInvoked& invoked) { return invoked.segment == segment; });
}

Sites looks_with_a_successor(const Recording& all) {
  return sites_of<InfoAnswered>(all, [&](std::size_t site, const InfoAnswered& answered) {
    return is_asked_again(all, site, answered.segment);
  });
}

Sites passes_after_an_ack(const Recording& all) {
  return sites_of<PassEnded>(all, [&](std::size_t site, const PassEnded& ended) {
    const std::size_t began = *last_before<PassBegan>(
        all, site, [&](const PassBegan& other) { return other.pass == ended.pass; });
    return is_acked_before(all, began, ended.segment);
  });
}

/// Appends that were handed over when their segment was known to be sealed.
Sites failures_behind_a_seal(const Recording& all) {
  return sites_of<AppendFailed>(all, [&](std::size_t site, const AppendFailed& failed) {
    const std::size_t invoked = *last_before<AppendInvoked>(
        all, site, [&](const AppendInvoked& other) { return other.uid == failed.uid; });
    return !is_conditional(all, failed.uid) && is_sealed_before(all, invoked, scanned_segment(all));
  });
}

Sites seals(const Recording& all) { return sites_of<SealAnswered>(all, is_any<SealAnswered>); }

Sites reads_behind_a_seal(const Recording& all) {
  return sites_of<EventRead>(all, [&](std::size_t site, const EventRead& read) {
    return is_sealed_before(all, site, read.segment);
  });
}

Sites reads_of_what_is_gone(const Recording& all) {
  return sites_of<ReadAnswered>(all, [&](std::size_t site, const ReadAnswered& answered) {
    const std::size_t request = request_of<ReadInvoked>(all, site, answered.operation);
    return answered.is_truncated &&
           answered.offset < truncated_before(all, request, answered.segment);
  });
}

Sites reads_of_what_nobody_truncated(const Recording& all) {
  return sites_of<ReadAnswered>(all, [&](std::size_t, const ReadAnswered& answered) {
    return !answered.is_truncated && answered.offset >= asked_of(all, answered.segment);
  });
}

/// Requests to truncate that show, and that nobody else made as far.
Sites truncations_that_show(const Recording& all) {
  return sites_of<TruncateInvoked>(all, [&](std::size_t site, const TruncateInvoked& invoked) {
    const bool is_alone =
        !has<TruncateInvoked>(all, 0, all.size(), [&](const TruncateInvoked& other) {
          return other.operation != invoked.operation && other.segment == invoked.segment &&
                 other.offset >= invoked.offset;
        });
    return is_alone && has<SegmentScanned>(all, site, all.size(), [&](const SegmentScanned& scan) {
             return scan.segment == invoked.segment && scan.start == invoked.offset;
           });
  });
}

const std::array kOfBounds{
    ViolationCase{
        "a length is too small",
        {"VIS-1"},
        {"SEG-1", "SEG-3", "SEG-4"},
        looks_after_an_ack,
        [](Recording& all, std::size_t site) { the<InfoAnswered>(all, site).length = 0; }},
    ViolationCase{"a pass ends too early",
                  {"VIS-1"},
                  {},
                  passes_after_an_ack,
                  [](Recording& all, std::size_t site) { the<PassEnded>(all, site).end = 0; }},
    ViolationCase{
        "a length goes back",
        {"SEG-4"},
        {"SEG-1"},
        looks_with_a_successor,
        [](Recording& all, std::size_t site) { the<InfoAnswered>(all, site).length += kMany; }},
    ViolationCase{"a start goes back",
                  {"SEG-2"},
                  {"SEG-4"},
                  looks_after_a_truncation,
                  [](Recording& all, std::size_t site) { the<InfoAnswered>(all, site).start = 0; }},
    ViolationCase{
        "a segment starts behind its end",
        {"SEG-3"},
        {"SEG-2", "SEG-4"},
        [](const Recording& all) { return sites_of<InfoAnswered>(all, is_any<InfoAnswered>); },
        [](Recording& all, std::size_t site) {
          auto& answered = the<InfoAnswered>(all, site);
          answered.start = answered.length + 1;
        }},
    ViolationCase{
        "the last scan starts behind its end",
        {"SEG-2", "SEG-3"},
        {},
        [](const Recording& all) { return sites_of<SegmentScanned>(all, is_any<SegmentScanned>); },
        [](Recording& all, std::size_t site) {
          auto& scanned = the<SegmentScanned>(all, site);
          scanned.start = scanned.end + 1;
        }},
    ViolationCase{
        "a store says that a segment starts behind its end",
        {"SEG-3"},
        {},
        [](const Recording& all) { return sites_of<SegmentBounds>(all, is_any<SegmentBounds>); },
        [](Recording& all, std::size_t site) {
          auto& bounds = the<SegmentBounds>(all, site);
          bounds.start_offset = bounds.length + 1;
        }},
    ViolationCase{
        "a sealed segment is open again",
        {"SEG-1"},
        {},
        looks_after_a_seal,
        [](Recording& all, std::size_t site) { the<InfoAnswered>(all, site).is_sealed = false; }},
    ViolationCase{"a seal names another length",
                  {"SEG-1"},
                  {},
                  seals,
                  [](Recording& all, std::size_t site) { ++the<SealAnswered>(all, site).length; }},
    ViolationCase{"an event lies behind the seal",
                  {"SEG-1"},
                  {"ORD-2"},
                  reads_behind_a_seal,
                  [](Recording& all, std::size_t site) { the<EventRead>(all, site).end += kMany; }},
    ViolationCase{"an append to a sealed segment is acknowledged",
                  {"SEG-1"},
                  {"DUR-1"},
                  failures_behind_a_seal,
                  [](Recording& all, std::size_t site) {
                    all[site].record = AppendAcked{.uid = the<AppendFailed>(all, site).uid,
                                                   .segment = scanned_segment(all),
                                                   .has_offset = false,
                                                   .offset = 0,
                                                   .end = 0};
                  }},
    ViolationCase{
        "more is truncated than was asked for",
        {"SEG-2"},
        {},
        [](const Recording& all) {
          return sites_of<TruncateAnswered>(all, is_any<TruncateAnswered>);
        },
        [](Recording& all, std::size_t site) { the<TruncateAnswered>(all, site).offset += kMany; }},
    ViolationCase{"something is truncated that nobody asked for",
                  {"SEG-2"},
                  {"ORD-2"},
                  truncations_that_show,
                  drop},
    ViolationCase{"what is truncated is read",
                  {"SEG-2"},
                  {},
                  reads_of_what_is_gone,
                  [](Recording& all, std::size_t site) {
                    the<ReadAnswered>(all, site).is_truncated = false;
                  }},
    ViolationCase{
        "what nobody truncated is gone",
        {"SEG-2"},
        {},
        reads_of_what_nobody_truncated,
        [](Recording& all, std::size_t site) { the<ReadAnswered>(all, site).is_truncated = true; }},
};

}  // namespace

std::span<const ViolationCase> violations_of_bounds() { return kOfBounds; }

}  // namespace millrace::properties
