#pragma once

// Whole histories as values: they are generated, changed, and shown to all properties together.

#include <cstdint>
#include <iosfwd>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "properties/records.h"
#include "sim/run/record.h"
#include "sim/run/run_records.h"
#include "system/types/facts.h"

namespace millrace::properties {

/// Whatever a property of the store or of the harness sees.
using AnyRecord =
    std::variant<StreamKnown, AppendInvoked, AppendAcked, AppendFailed, AppendUnknown,
                 ConditionalInvoked, ConditionalAnswered, EventRead, DamagedRead, PassBegan,
                 PassEnded, SegmentScanned, InfoInvoked, InfoAnswered, ReadInvoked, ReadAnswered,
                 SealInvoked, SealAnswered, TruncateInvoked, TruncateAnswered, BlockInvoked,
                 BlockAnswered, WriterAsked, WriterAnswered, ContainerApplied, ContainerRecovered,
                 LogCorrupt, StoreLoad, SegmentBounds, run::PhaseBegan, run::ClientStarted,
                 run::ClientFinished, run::OperationTaken, run::OperationEnded, run::TaskEnded,
                 run::UnexpectedReported, run::ProcessHolds, run::RunEnded>;

/// A record and the machine that reported it, where a process did.
struct Recorded {
  AnyRecord record;
  std::uint32_t machine = At::kNoMachine;
};

/// In the order of recording.
using Recording = std::vector<Recorded>;

/// "append_acked"
std::string_view name_of(const Recorded& recorded);

/// The record's name and fields, for a failing case.
std::ostream& operator<<(std::ostream& out, const Recorded& recorded);

/// What all properties together say of a history.
struct Judgement {
  /// "DUR-1/lost"; the first objection of each property.
  std::set<std::string> objections;
  /// Properties that compared something.
  std::set<std::string> evaluated;

  /// "DUR-1"
  std::set<std::string> objectors() const;
};

/// Shows a history to every property of the catalogue and of the harness, to its end, whoever
/// objects on the way.
Judgement judge(const Recording& recording);

/// "DUR-1/lost" of every class of every such property.
std::set<std::string> all_classes();

}  // namespace millrace::properties
