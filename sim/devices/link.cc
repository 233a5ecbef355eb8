#include "sim/devices/link.h"

#include <algorithm>

#include "system/base/check.h"

namespace millrace::sim {
namespace {

// A packet is lost at most this often in a row.
constexpr std::uint32_t kLossesMax = 5;
// Where the delays of losses have their draws, behind those that say whether a packet is lost.
constexpr std::uint32_t kDelayIndex = 32;
// Linux sends again 200 ms after the first loss at the latest, and a few round trips after it where
// later packets show it. Source: tcp_rto_min, include/net/tcp.h.
constexpr Duration kSendAgainMax = milliseconds(200);
// After an outage the next attempt comes after as long again, as intervals double. Guess: a second
// at most, so that a healed link does not stay dead for minutes; TCP allows 120 s.
constexpr Duration kOutageDelayMax = seconds(1);
// No exponential draw reaches this many means (base/draws.h): beyond it is what a rule asked for.
constexpr std::int64_t kMeansMax = 45;

constexpr std::uint64_t kMebibyte = 1 << 20;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

std::uint64_t ns_per_mebibyte(std::uint64_t bytes_per_second) {
  CHECK(bytes_per_second > 0, "a link without bandwidth is a cut one");
  return std::max<std::uint64_t>(kMebibyte * kNsPerSecond / bytes_per_second, 1);
}

}  // namespace

std::string_view place_of(PacketKind kind) {
  switch (kind) {
    case PacketKind::kFrame:
      return {};  // Frames have the plain place (source, destination).
    case PacketKind::kConnect:
      return "connect";
    case PacketKind::kAccept:
      return "accept";
    case PacketKind::kRefuse:
      return "refuse";
    case PacketKind::kReset:
      return "reset";
    case PacketKind::kWindow:
      return "window";
    case PacketKind::kProbe:
      return "probe";
    case PacketKind::kKeepAlive:
      return "keep-alive";
    case PacketKind::kUnclog:
      return "unclog";
  }
  UNREACHABLE("a packet kind outside its list");
}

Link::Link(World& world, const Machine& from, const Machine& to, std::uint32_t number,
           const LinkSpec& spec)
    : world_(world),
      from_(from),
      to_(to),
      number_(number),
      spec_(spec),
      ns_per_mebibyte_(ns_per_mebibyte(spec.bytes_per_second)),
      where_again_(where_of(from.name(), to.name(), kPlaceAgain)),
      entity_name_(from.name() + '>' + to.name()),
      entity_(world.add_entity(entity_name_, 0)) {
  for (std::size_t kind = 0; kind < kPacketKindCount; ++kind) {
    where_[kind] = where_of(from.name(), to.name(), place_of(static_cast<PacketKind>(kind)));
  }
}

SimTime Link::send(const EventIdentity& who, std::uint32_t bytes, Meters& meters, bool& was_lost) {
  // Packets leave one after the other, then travel side by side.
  const SimTime start = std::max(world_.now(), free_at_);
  free_at_ = start + Duration{static_cast<std::int64_t>(bytes * ns_per_mebibyte_ / kMebibyte)};
  const Duration under_way = latency(who, meters);
  Duration again = loss_delay(who, spec_.loss, 0);
  if (fault_loss_.numerator > 0 && again.ns == 0) {
    again = loss_delay(who, fault_loss_, kLossesMax);
    if (again.ns > 0) meters.took_effect(FaultKind::kNetLoss);
  }
  was_lost = again.ns > 0;
  return free_at_ + under_way + again;
}

Duration Link::latency(const EventIdentity& who, Meters& meters) {
  Choices& choices = world_.choices();
  Duration latency = spec_.latency;
  if (spec_.jitter.ns > 0) {
    const std::int64_t jitter = choices.exponential(who, Purpose::kLatency, spec_.jitter.ns);
    latency.ns += jitter;
    // One draw makes both: what lies beyond a bound is exponential again.
    const std::int64_t beyond = jitter - spec_.jitter.ns * spec_.tail_after;
    if (beyond > 0 && jitter <= spec_.jitter.ns * kMeansMax) {
      latency.ns += beyond * spec_.tail_multiplier;
    }
  }
  if (is_slow_) {
    latency = latency * slowness_.multiplier + slowness_.added;
    meters.took_effect(FaultKind::kNetSlow);
  }
  if (is_bandwidth_limited_) meters.took_effect(FaultKind::kNetSlow);
  return latency;
}

Duration Link::loss_delay(const EventIdentity& who, Ratio loss, std::uint32_t first_index) {
  if (loss.numerator == 0) return {};
  Choices& choices = world_.choices();
  std::uint32_t losses = 0;
  while (losses < kLossesMax && choices.hit(who, Purpose::kLoss, loss, first_index + losses)) {
    ++losses;
  }
  if (losses == 0) return {};
  const std::int64_t round_trip = std::max<std::int64_t>(spec_.latency.ns * 2, 1);
  const std::int64_t first =
      choices.log_uniform(who, Purpose::kLoss, round_trip, std::max(round_trip, kSendAgainMax.ns),
                          first_index + kDelayIndex);
  return Duration{first} * ((std::int64_t{1} << losses) - 1);
}

SimTime Link::send_again(const EventIdentity& who) {
  const std::int64_t low = std::max<std::int64_t>(spec_.latency.ns * 2, 1);
  const std::int64_t high = std::max(low, std::min(last_outage_, kOutageDelayMax).ns);
  const std::int64_t delay = world_.choices().log_uniform(who, Purpose::kLatency, low, high);
  return world_.now() + Duration{delay};
}

Duration Link::slow_extra() const {
  return spec_.latency * (static_cast<std::int64_t>(slowness_.multiplier) - 1) + slowness_.added;
}

// --- disturbances ---

void Link::cut(FaultKind kind) {
  if (cuts_ == 0) cut_at_ = world_.now();
  ++cuts_;
  cut_kind_ = kind;
  is_stopped_ = true;
  // What a clog kept was still under way.
  for (HeldPacket& packet : held) packet.is_lost = true;
}

void Link::heal() {
  if (cuts_ == 0) return;
  --cuts_;
  if (cuts_ > 0) return;
  last_outage_ = world_.now() - cut_at_;
  healed_epoch_ = ++epoch_;
  is_stopped_ = is_clogged_;
}

void Link::clog(SimTime until, FaultKind kind) {
  clogged_until_ = is_clogged_ ? std::max(clogged_until_, until) : until;
  is_clogged_ = true;
  clog_kind_ = kind;
  is_stopped_ = true;
}

void Link::unclog() {
  if (!is_clogged_ || clogged_until_ > world_.now()) return;
  is_clogged_ = false;
  is_stopped_ = cuts_ > 0;
}

void Link::set_slowness(const Slowness& slowness) {
  CHECK(slowness.multiplier > 0, "no link is infinitely fast");
  CHECK(slowness.added.ns >= 0);
  slowness_ = slowness;
  is_slow_ = slowness != Slowness{};
  if (is_slow_) slow_epoch_ = ++epoch_;
}

void Link::limit_bandwidth(std::uint64_t bytes_per_second) {
  is_bandwidth_limited_ = bytes_per_second > 0 && bytes_per_second < spec_.bytes_per_second;
  ns_per_mebibyte_ =
      ns_per_mebibyte(is_bandwidth_limited_ ? bytes_per_second : spec_.bytes_per_second);
  // What queues at the old rate is not waited for: no more than a moment's worth is in the queue.
  if (!is_bandwidth_limited_) free_at_ = std::min(free_at_, world_.now() + spec_.latency);
}

void Link::restore() {
  while (cuts_ > 0) heal();
  clogged_until_ = world_.now();
  unclog();
  set_slowness({});
  set_loss(Ratio::never());
  limit_bandwidth(0);
}

// --- names and counters ---

EntityId Link::take_entity() {
  if (free_entities_.empty()) {
    ++entity_count_;
    return world_.add_entity(entity_name_ + '/' + std::to_string(entity_count_), 0);
  }
  const EntityId entity = free_entities_.back();
  free_entities_.pop_back();
  return entity;
}

std::uint32_t Link::opened_slot(std::uint16_t port) {
  const auto found = std::ranges::find(opened_, port, &Opened::port);
  const auto slot = static_cast<std::uint32_t>(found - opened_.begin());
  if (found == opened_.end()) opened_.push_back({.port = port});
  return slot;
}

}  // namespace millrace::sim
