#include "sim/faults/anchors.h"

#include <algorithm>
#include <optional>
#include <string>

#include "sim/kernel/identity.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
  return pattern.empty() || pattern == name;
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
  if (anchor.kind == AnchorKind::kEntityEvent) {
    // A task's entity is named by its machine and name, any other by one name.
    watched.entity_hash = anchor.machine.empty() ? hash_name(anchor.name)
                                                 : where_of(anchor.machine, anchor.name).value;
  }
  watched_.push_back(std::move(watched));
}

bool AnchorWatch::wants(MomentKind kind) const {
  return std::ranges::any_of(watched_, [&](const Watched& watched) {
    const bool counts_from_boot = watched.anchor->kind == AnchorKind::kOperationAfterBoot;
    return moment_of(watched.anchor->kind) == kind ||
           (kind == MomentKind::kBoot && counts_from_boot);
  });
}

template <typename Matches>
const std::vector<ActionIndex>& AnchorWatch::count(Matches is_match) {
  due_.clear();
  std::erase_if(watched_, [&](Watched& watched) {
    if (!is_match(watched) || ++watched.seen < watched.anchor->nth) return false;
    due_.push_back(watched.action);
    return true;
  });
  return due_;
}

const std::vector<ActionIndex>& AnchorWatch::on_mark(std::string_view machine,
                                                     std::string_view name) {
  return count([&](const Watched& watched) {
    const Anchor& anchor = *watched.anchor;
    return anchor.kind == AnchorKind::kMark && matches(anchor.name, name) &&
           matches(anchor.machine, machine);
  });
}

const std::vector<ActionIndex>& AnchorWatch::on_fact(std::string_view machine,
                                                     const FactView& fact) {
  return count([&](const Watched& watched) {
    const Anchor& anchor = *watched.anchor;
    return anchor.kind == AnchorKind::kFact && matches(anchor.name, fact.name) &&
           matches(anchor.machine, machine) &&
           std::ranges::all_of(anchor.fields,
                               [&](const FieldFilter& filter) { return has_field(fact, filter); });
  });
}

const std::vector<ActionIndex>& AnchorWatch::on_disk(std::string_view machine,
                                                     const DiskMoment& moment) {
  return count([&](Watched& watched) {
    const Anchor& anchor = *watched.anchor;
    if (anchor.phase != moment.phase || !matches(anchor.machine, machine)) return false;
    if (anchor.kind == AnchorKind::kOperationAfterBoot) {
      // Each machine counts from its own latest boot; the largest count is the anchor's.
      const std::uint64_t key = hash_name(machine);
      auto found = std::ranges::find(watched.counts, key, &Count::key);
      if (found == watched.counts.end()) return false;
      watched.seen = found->seen++;
      return true;
    }
    return is_request(anchor.kind, moment.request) && moment.path.starts_with(anchor.name);
  });
}

const std::vector<ActionIndex>& AnchorWatch::on_frame(const FrameMoment& moment) {
  std::optional<std::string> label;
  return count([&](const Watched& watched) {
    const Anchor& anchor = *watched.anchor;
    if (anchor.kind != AnchorKind::kFrame) return false;
    if (!matches(anchor.machine, moment.source)) return false;
    if (!matches(anchor.peer, moment.destination)) return false;
    if (anchor.name.empty()) return true;
    if (!label.has_value()) label = namer_ ? namer_(moment.bytes) : std::string();
    return anchor.name == *label;
  });
}

const std::vector<ActionIndex>& AnchorWatch::on_boot(std::string_view machine) {
  const std::uint64_t key = hash_name(machine);
  for (Watched& watched : watched_) {
    if (watched.anchor->kind != AnchorKind::kOperationAfterBoot) continue;
    auto found = std::ranges::find(watched.counts, key, &Count::key);
    if (found == watched.counts.end()) {
      watched.counts.push_back({.key = key, .seen = 0});
    } else {
      found->seen = 0;
    }
  }
  return count([&](const Watched& watched) {
    return watched.anchor->kind == AnchorKind::kBoot && matches(watched.anchor->machine, machine);
  });
}

const std::vector<ActionIndex>& AnchorWatch::on_entity_event(std::uint64_t name_hash) {
  return count([&](const Watched& watched) {
    return watched.anchor->kind == AnchorKind::kEntityEvent && watched.entity_hash == name_hash;
  });
}

}  // namespace millrace::sim
