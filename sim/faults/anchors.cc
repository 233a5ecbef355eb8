#include "sim/faults/anchors.h"

#include <algorithm>
#include <optional>
#include <string>

#include "sim/kernel/identity.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

std::uint64_t hash_unless_empty(std::string_view name) {
  return name.empty() ? 0 : hash_name(name);
}

MomentKind moment_of(AnchorKind kind) {
  switch (kind) {
    case AnchorKind::kMark:
      return MomentKind::kMark;
    case AnchorKind::kFact:
      return MomentKind::kFact;
    case AnchorKind::kDiskWrite:
    case AnchorKind::kDiskSync:
    case AnchorKind::kDiskRename:
      return MomentKind::kDisk;
    case AnchorKind::kFrame:
      return MomentKind::kFrame;
    case AnchorKind::kBoot:
      return MomentKind::kBoot;
    case AnchorKind::kDiskChange:
    case AnchorKind::kOperationAfterBoot:
      return MomentKind::kDisk;
    case AnchorKind::kEntityEvent:
      return MomentKind::kEntityEvent;
  }
  UNREACHABLE("every sort of anchor waits for a sort of moment");
}

bool is_request(AnchorKind kind, DiskRequest request) {
  switch (request) {
    case DiskRequest::kWrite:
      return kind == AnchorKind::kDiskWrite;
    case DiskRequest::kSync:
      return kind == AnchorKind::kDiskSync;
    case DiskRequest::kRename:
      return kind == AnchorKind::kDiskRename;
    case DiskRequest::kOther:
      return false;
  }
  UNREACHABLE("every disk request is of some sort");
}

/// Whether the fact has a field with this name and text.
bool has_field(const FactView& fact, const FieldFilter& filter) {
  struct Search {
    const FieldFilter& filter;
    bool is_found = false;
  } search{filter};
  fact.visit(fact.record, &search,
             [](void* context, std::string_view name, const FieldValue& value) {
               auto& wanted = *static_cast<Search*>(context);
               if (name == wanted.filter.field && millrace::to_text(value) == wanted.filter.value) {
                 wanted.is_found = true;
               }
             });
  return search.is_found;
}

}  // namespace

void AnchorWatch::add(ActionIndex action, const Anchor& anchor) {
  Watched watched;
  watched.action = action;
  watched.anchor = &anchor;
  watched.is_counting = anchor.since_operation == 0 || taken_.contains(anchor.since_operation);
  watched.machine_hash = hash_unless_empty(anchor.machine);
  watched.name_hash = hash_unless_empty(anchor.name);
  if (anchor.kind == AnchorKind::kEntityEvent) {
    // A task's entity is named by its machine and name, any other by one name.
    watched.name_hash = anchor.machine.empty() ? hash_name(anchor.name)
                                               : where_of(anchor.machine, anchor.name).value;
  }
  of(moment_of(anchor.kind)).push_back(std::move(watched));
}

void AnchorWatch::operation_taken(std::uint64_t operation) {
  taken_.insert(operation);
  taken_last_ = operation;
  for (std::vector<Watched>& sort : watched_) {
    for (Watched& watched : sort) {
      if (watched.anchor->since_operation == operation) watched.is_counting = true;
      watched.seen_before = watched.seen;
      for (Count& count : watched.counts) count.seen_before = count.seen;
    }
  }
}

bool AnchorWatch::wants(MomentKind kind) const {
  const auto counts_from_boot = [](const Watched& watched) {
    return watched.anchor->kind == AnchorKind::kOperationAfterBoot;
  };
  const auto& disk = watched_[static_cast<std::size_t>(MomentKind::kDisk)];
  return !watched_[static_cast<std::size_t>(kind)].empty() ||
         (kind == MomentKind::kBoot && std::ranges::any_of(disk, counts_from_boot));
}

template <typename Matches>
const std::vector<ActionIndex>& AnchorWatch::count(MomentKind kind, Matches is_match) {
  due_.clear();
  std::erase_if(of(kind), [&](Watched& watched) {
    const bool is_counted = watched.is_counting && is_match(watched);
    if (!is_counted || ++watched.seen < watched.anchor->nth) return false;
    due_.push_back(watched.action);
    met_.push_back({.action = watched.action,
                    .operation = taken_last_,
                    .nth = watched.seen - watched.seen_before});
    return true;
  });
  return due_;
}

const std::vector<ActionIndex>& AnchorWatch::on_mark(std::string_view machine,
                                                     std::string_view name) {
  const std::uint64_t machine_hash = hash_name(machine);
  const std::uint64_t name_hash = hash_name(name);
  return count(MomentKind::kMark, [&](const Watched& watched) {
    return watched.is_named(name_hash) && watched.is_of(machine_hash);
  });
}

const std::vector<ActionIndex>& AnchorWatch::on_fact(std::string_view machine,
                                                     const FactView& fact) {
  const std::uint64_t machine_hash = hash_name(machine);
  const std::uint64_t name_hash = hash_name(fact.name);
  return count(MomentKind::kFact, [&](const Watched& watched) {
    return watched.is_named(name_hash) && watched.is_of(machine_hash) &&
           std::ranges::all_of(watched.anchor->fields,
                               [&](const FieldFilter& filter) { return has_field(fact, filter); });
  });
}

const std::vector<ActionIndex>& AnchorWatch::on_disk(std::string_view machine,
                                                     const DiskMoment& moment) {
  const std::uint64_t machine_hash = hash_name(machine);
  return count(MomentKind::kDisk, [&](Watched& watched) {
    if (!watched.is_of(machine_hash)) return false;
    const Anchor& anchor = *watched.anchor;
    if (anchor.phase != moment.phase) return false;
    if (anchor.kind == AnchorKind::kOperationAfterBoot) {
      // Each machine counts from its own latest boot; the largest count is the anchor's.
      auto found = std::ranges::find(watched.counts, machine_hash, &Count::key);
      if (found == watched.counts.end()) return false;
      watched.seen = found->seen++;
      watched.seen_before = found->seen_before;
      return true;
    }
    if (anchor.kind == AnchorKind::kDiskChange) {
      const bool is_named =
          anchor.operation == 0 || moment.root == operation_root(anchor.operation);
      return moment.is_change && is_named;
    }
    return is_request(anchor.kind, moment.request) && moment.path.starts_with(anchor.name);
  });
}

const std::vector<ActionIndex>& AnchorWatch::on_frame(const FrameMoment& moment) {
  const std::uint64_t source_hash = hash_name(moment.source);
  std::optional<std::string> label;
  return count(MomentKind::kFrame, [&](const Watched& watched) {
    if (!watched.is_of(source_hash)) return false;
    const Anchor& anchor = *watched.anchor;
    if (!anchor.peer.empty() && anchor.peer != moment.destination) return false;
    if (anchor.name.empty()) return true;
    if (!label.has_value()) label = namer_ ? namer_(moment.bytes) : std::string();
    return anchor.name == *label;
  });
}

const std::vector<ActionIndex>& AnchorWatch::on_boot(std::string_view machine) {
  const std::uint64_t machine_hash = hash_name(machine);
  for (Watched& watched : of(MomentKind::kDisk)) {
    if (watched.anchor->kind != AnchorKind::kOperationAfterBoot) continue;
    auto found = std::ranges::find(watched.counts, machine_hash, &Count::key);
    if (found == watched.counts.end()) {
      watched.counts.push_back({.key = machine_hash});
    } else {
      *found = {.key = machine_hash};
    }
  }
  return count(MomentKind::kBoot,
               [&](const Watched& watched) { return watched.is_of(machine_hash); });
}

const std::vector<ActionIndex>& AnchorWatch::on_entity_event(std::uint64_t name_hash) {
  return count(MomentKind::kEntityEvent,
               [&](const Watched& watched) { return watched.name_hash == name_hash; });
}

}  // namespace millrace::sim
