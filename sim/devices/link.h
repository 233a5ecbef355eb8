#pragma once

// One directed link between two machines: how long a packet is under way, and what disturbs it.
//
// A packet queues behind earlier ones for the link's bandwidth, then takes the link's latency with
// a drawn jitter and now and then a long tail. A lost packet shows as the delay until TCP sends it
// again. A cut link loses what is under way and all that follows, and TCP sends it again after the
// heal; a clogged one keeps packets and gives them out in a burst; a slow one adds to all of them.
// Each change of a link starts a new epoch, so that a packet that left in an older one is looked at
// again when it arrives: faults reach what is already in flight.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kernel/meters.h"
#include "sim/kernel/world.h"
#include "system/base/ratio.h"
#include "system/base/time.h"

namespace millrace::sim {

/// How a directed link behaves while nothing disturbs it.
struct LinkSpec {
  /// Of every packet: what is left where draws are neutral.
  Duration latency = microseconds(50);
  /// Mean of what is added to it, exponentially distributed.
  Duration jitter = microseconds(5);
  /// Jitter beyond `tail_after` means (7: one packet in 1,097) counts `tail_multiplier` times more:
  /// the long tail. A multiplier of 0 stands for none.
  std::uint32_t tail_after = 7;
  std::uint32_t tail_multiplier = 100;
  std::uint64_t bytes_per_second = 1'250'000'000;
  /// How often a packet is lost and sent again later.
  Ratio loss = Ratio::never();

  friend bool operator==(const LinkSpec&, const LinkSpec&) = default;
};

/// What a slow link adds: latencies are multiplied, then `added` comes on top.
struct Slowness {
  std::uint32_t multiplier = 1;
  Duration added = {};

  friend bool operator==(const Slowness&, const Slowness&) = default;
};

/// What travels on a link. Each kind of packet has its own place in identities.
enum class PacketKind : std::uint8_t {
  kFrame,      ///< A frame of a connection, or its end.
  kConnect,    ///< Asks for a connection.
  kAccept,     ///< Says that the peer's kernel has accepted it.
  kRefuse,     ///< Says that nobody listens.
  kReset,      ///< Says that the connection does not exist any more.
  kWindow,     ///< Says that the receiver has room again.
  kProbe,      ///< Sent again and again to a machine that does not answer.
  kKeepAlive,  ///< Not sent: an end's kernel finds out by itself that the peer is gone.
  kUnclog,     ///< Not sent: a clog of the link is over.
};
inline constexpr std::size_t kPacketKindCount = 9;

/// The third name of such a packet's place, after source and destination; frames have none.
std::string_view place_of(PacketKind kind);
/// The same for what is sent once more because of a disturbed link.
inline constexpr std::string_view kPlaceAgain = "again";

/// A packet that waits for its link to be whole again.
struct HeldPacket {
  std::uint64_t argument = 0;
  Root root;
  bool is_lost = false;  ///< In a cut: TCP sends it again, which takes a while.
};

/// One directed link. Made by NetworkDevice, lives as long as the world.
class Link {
 public:
  /// `number` is the device's own name for it.
  Link(World& world, const Machine& from, const Machine& to, std::uint32_t number,
       const LinkSpec& spec);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  const Machine& from() const { return from_; }
  const Machine& to() const { return to_; }
  std::uint32_t number() const { return number_; }
  /// Of the undisturbed link, without jitter.
  Duration base_latency() const { return spec_.latency; }
  Where where(PacketKind kind) const { return where_[static_cast<std::size_t>(kind)]; }
  /// Where packets that are sent again get their identity.
  Where where_again() const { return where_again_; }

  /// Sends a packet of `bytes` at the current time: queueing, latency, loss. Gives the time at
  /// which it arrives. `was_lost` is set where it has to be sent again before that.
  SimTime send(const EventIdentity& who, std::uint32_t bytes, Meters& meters, bool& was_lost);
  /// When a packet arrives that was lost in the last cut, and is sent again from now on.
  SimTime send_again(const EventIdentity& who);

  /// Changes with each disturbance; a packet remembers in which epoch it left.
  std::uint32_t epoch() const { return epoch_; }
  /// Whether a packet of this epoch can be handed over without a further look.
  bool is_clear(std::uint32_t epoch) const { return epoch == epoch_ && !is_stopped(); }
  bool is_cut() const { return cuts_ > 0; }
  /// Cut or clogged: what arrives is to be held.
  bool is_stopped() const { return is_stopped_; }
  /// The kind of fault that cut this link last.
  FaultKind cut_kind() const { return cut_kind_; }
  /// The kind of fault that stops packets.
  FaultKind stop_kind() const { return is_clogged_ && cuts_ == 0 ? clog_kind_ : cut_kind_; }
  /// Whether a packet that left in `epoch` was under way, or sent, while the link was cut.
  bool was_cut_since(std::uint32_t epoch) const { return epoch < healed_epoch_; }
  /// Whether it was under way when the link became slower.
  bool was_slowed_since(std::uint32_t epoch) const { return is_slow_ && epoch < slow_epoch_; }
  /// What a slow link adds to the base latency.
  Duration slow_extra() const;

  /// Whether a fault makes packets late that leave now.
  bool delays() const { return is_slow_ || is_bandwidth_limited_ || fault_loss_.numerator > 0; }

  void cut(FaultKind kind);
  /// Takes back one cut; without one it does nothing.
  void heal();
  void clog(SimTime until, FaultKind kind);
  /// Ends the clog if it is over.
  void unclog();
  void set_slowness(const Slowness& slowness);
  /// Loses packets beside the spec's own loss.
  void set_loss(Ratio loss) { fault_loss_ = loss; }
  /// Takes the place of the spec's bandwidth where it is lower; 0 ends it.
  void limit_bandwidth(std::uint64_t bytes_per_second);
  /// Ends every disturbance.
  void restore();

  /// Packets that arrived while the link was stopped, in order of arrival.
  std::vector<HeldPacket> held;

  /// Entities of directions of connections over this link, for reuse: their number is that of the
  /// connections that were open at one time.
  EntityId take_entity();
  void give_back_entity(EntityId entity) { free_entities_.push_back(entity); }
  /// The entity of packets that belong to no connection.
  EntityId entity() const { return entity_; }

  /// A counter of connections opened over this link to a port.
  std::uint32_t opened_slot(std::uint16_t port);
  std::uint64_t& opened(std::uint32_t slot) { return opened_[slot].count; }

 private:
  struct Opened {
    std::uint16_t port = 0;
    std::uint64_t count = 0;
  };

  Duration latency(const EventIdentity& who, Meters& meters);
  /// What losses add; 0 without one.
  Duration loss_delay(const EventIdentity& who, Ratio loss, std::uint32_t first_index);

  World& world_;
  const Machine& from_;
  const Machine& to_;
  std::uint32_t number_;
  LinkSpec spec_;
  Ratio fault_loss_ = Ratio::never();
  std::uint64_t ns_per_mebibyte_ = 0;
  SimTime free_at_;
  Slowness slowness_;
  bool is_slow_ = false;
  bool is_bandwidth_limited_ = false;

  std::uint32_t epoch_ = 1;
  std::uint32_t healed_epoch_ = 0;  // Packets of an earlier epoch were lost in a cut.
  std::uint32_t slow_epoch_ = 0;    // Packets of an earlier epoch were slowed down on their way.
  bool is_stopped_ = false;
  bool is_clogged_ = false;
  std::uint32_t cuts_ = 0;
  SimTime cut_at_;
  Duration last_outage_;
  FaultKind cut_kind_ = FaultKind::kNetPartition;
  SimTime clogged_until_;
  FaultKind clog_kind_ = FaultKind::kNetClog;

  std::array<Where, kPacketKindCount> where_{};
  Where where_again_;
  std::string entity_name_;
  EntityId entity_;
  std::uint32_t entity_count_ = 0;
  std::vector<EntityId> free_entities_;
  std::vector<Opened> opened_;
};

}  // namespace millrace::sim
