// The effects of faults on links and connections.

#include <algorithm>

#include "sim/faults/fault_effects.h"
#include "system/base/check.h"
#include "system/base/ratio.h"

namespace millrace::sim {

void FaultEffects::begin_network(Strike& strike) {
  switch (strike.action->kind) {
    case FaultKind::kNetPartition:
    case FaultKind::kNetOneWay:
    case FaultKind::kNetBridge:
    case FaultKind::kNetRing:
      begin_cut(strike);
      return;
    case FaultKind::kNetFlapping:
      flap(strike);
      return;
    case FaultKind::kNetSwizzle:
      begin_swizzle(strike);
      return;
    case FaultKind::kNetRefuse:
    case FaultKind::kNetHang:
      for (Machine* const machine : strike.targets) refresh_connects(*machine);
      return;
    case FaultKind::kNetBreak:
      if (strike.entity.has_value()) {
        network_.break_direction(*strike.entity, fault_root(strike.action->id));
        return;
      }
      break;
    default:
      break;
  }
  begin_between(strike);
}

void FaultEffects::cut(Strike& strike, Machine& from, Machine& to) {
  if (&from == &to || is_healed({.from = &from, .to = &to})) return;
  network_.cut({.from = from, .to = to}, strike.action->kind);
  strike.links.push_back({.from = &from, .to = &to});
}

void FaultEffects::begin_cut(Strike& strike) {
  const FaultKind kind = strike.action->kind;
  if (kind == FaultKind::kNetRing) {
    const std::size_t count = strike.targets.size();
    for (std::size_t a = 0; a < count; ++a) {
      for (std::size_t b = 0; b < count; ++b) {
        const std::size_t apart = (b + count - a) % count;
        const bool are_neighbours = apart <= 1 || apart == count - 1;
        if (!are_neighbours) cut(strike, *strike.targets[a], *strike.targets[b]);
      }
    }
    return;
  }
  if (kind == FaultKind::kNetBridge) {
    // `others` is the machine between the sides; the second side is everybody else.
    for (const auto& machine : world_.machines()) {
      const bool is_apart =
          std::ranges::find(strike.targets, machine.get()) == strike.targets.end() &&
          std::ranges::find(strike.others, machine.get()) == strike.others.end();
      if (!is_apart) continue;
      for (Machine* const target : strike.targets) {
        cut(strike, *target, *machine);
        cut(strike, *machine, *target);
      }
    }
    return;
  }
  for (Machine* const target : strike.targets) {
    for (Machine* const other : strike.others) {
      cut(strike, *other, *target);
      if (kind == FaultKind::kNetPartition) cut(strike, *target, *other);
    }
  }
}

void FaultEffects::flap(Strike& strike) {
  if (strike.step % 2 == 1) {
    heal_links(strike);
    return;
  }
  for (Machine* const target : strike.targets) {
    for (Machine* const other : strike.others) {
      cut(strike, *other, *target);
      cut(strike, *target, *other);
    }
  }
}

void FaultEffects::begin_between(Strike& strike) {
  const FaultAction& action = *strike.action;
  for (Machine* const target : strike.targets) {
    for (Machine* const other : strike.others) {
      if (target == other) continue;
      if (action.kind == FaultKind::kNetBreak) {
        network_.break_connections({.from = *target, .to = *other}, fault_root(action.id));
        continue;
      }
      const LinkEnds both[] = {{.from = target, .to = other}, {.from = other, .to = target}};
      for (const LinkEnds& link : both) {
        if (action.kind == FaultKind::kNetClog) {
          network_.clog({.from = *link.from, .to = *link.to}, action.duration, action.kind);
          continue;
        }
        strike.links.push_back(link);
        refresh_link(link, action.kind);
      }
    }
  }
}

void FaultEffects::begin_swizzle(Strike& strike) {
  const auto count = static_cast<std::uint32_t>(strike.targets.size());
  for (std::uint32_t i = 0; i < count; ++i) strike.release_order.push_back(i);
  const EventIdentity who = identity(strike, *strike.targets.front());
  for (std::uint32_t left = count; left > 1; --left) {
    const std::int64_t chosen = world_.choices().one_of(who, Purpose::kFault, 0, left - 1, left);
    std::swap(strike.release_order[static_cast<std::size_t>(chosen)],
              strike.release_order[left - 1]);
  }
  clog_next(strike);
}

void FaultEffects::clog_next(const Strike& strike) {
  // All are clogged for `duration` between the last clog and the first release.
  const std::size_t count = strike.targets.size();
  const auto periods =
      static_cast<std::int64_t>(count + strike.release_order[strike.step] - strike.step);
  const Duration span = strike.action->duration + strike.action->period * periods;
  Machine& target = *strike.targets[strike.step];
  for (Machine* const other : strike.others) {
    if (other == &target) continue;
    const bool are_healed = is_healed({.from = &target, .to = other});
    if (are_healed) continue;
    network_.clog({.from = target, .to = *other}, span, strike.action->kind);
    network_.clog({.from = *other, .to = target}, span, strike.action->kind);
  }
}

void FaultEffects::heal_links(Strike& strike) {
  std::vector<LinkEnds> links;
  links.swap(strike.links);
  const FaultKind kind = strike.action->kind;
  const bool is_graded = kind == FaultKind::kNetSlow || kind == FaultKind::kNetLoss;
  for (const LinkEnds& link : links) {
    if (is_graded) {
      refresh_link(link, kind);
    } else {
      network_.heal({.from = *link.from, .to = *link.to});
    }
  }
}

void FaultEffects::refresh_link(const LinkEnds& link, FaultKind kind) {
  std::int64_t strongest = 0;
  for (const Strike* const strike : active_) {
    if (strike->action->kind != kind) continue;
    if (std::ranges::find(strike->links, link) == strike->links.end()) continue;
    strongest = std::max(strongest, strike->action->amount);
  }
  const auto amount = static_cast<std::uint32_t>(strongest);
  const Route route{.from = *link.from, .to = *link.to};
  if (kind == FaultKind::kNetSlow) {
    network_.slow(route, {.multiplier = std::max(amount, 1U), .added = {}});
  } else {
    network_.lose(route, Ratio{amount, 100});
  }
}

void FaultEffects::refresh_connects(Machine& machine) {
  network_.refuse_connects(machine, is_struck(FaultKind::kNetRefuse, machine));
  network_.hang_connects(machine, is_struck(FaultKind::kNetHang, machine));
}

bool FaultEffects::is_healed(const LinkEnds& link) const {
  return healed_[link.from->index()] && healed_[link.to->index()];
}

void FaultEffects::isolate(const std::vector<Machine*>& machines) {
  const std::vector<const Machine*> members(machines.begin(), machines.end());
  network_.isolate(members, FaultKind::kNetPartition);
}

}  // namespace millrace::sim
