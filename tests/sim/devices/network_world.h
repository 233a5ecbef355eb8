#pragma once

// A small world for tests of the network: machines, programs that write lines, faults at given
// times.
//
// Programs never assert (that stays outside of tasks): they say lines, which a test compares.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/devices/network_device.h"
#include "sim/devices/sim_network.h"
#include "sim/kernel/world.h"

namespace millrace::sim {

/// Links without any chance: 50 us, no jitter, no loss, and ample bandwidth.
inline LinkSpec plain_link() {
  return {.latency = microseconds(50), .jitter = {}, .tail_multiplier = 0};
}

inline NetworkSpec plain_network() {
  NetworkSpec spec;
  spec.link = plain_link();
  return spec;
}

/// Options of a world with this seed.
inline WorldOptions seeded(std::uint64_t seed) {
  WorldOptions options;
  options.seed = seed;
  return options;
}

class NetworkWorld;

/// What a program of these tests can do. Lives as long as its process.
class Program {
 public:
  Program(NetworkWorld& world, Process& process);

  /// Writes "NAME TIME_US: text" into the world's lines.
  void say(std::string_view text);
  Instant now() const;
  Instant in(Duration duration) const { return now() + duration; }
  void sleep(Duration duration);
  /// Starts another task of this process.
  Task& spawn(std::string_view name, std::function<void()> body);

  /// As Network's, with a deadline far away; says what failed.
  std::unique_ptr<Connection> connect(const std::string& machine);
  std::unique_ptr<Connection> accept(Listener& listener);
  std::unique_ptr<Listener> listen();
  /// Sends a text; says what failed.
  bool send(Connection& connection, std::string_view text);
  /// Receives frames until it fails, saying each; then says why.
  void receive_all(Connection& connection, Duration patience);

  SimNetwork& network() { return network_; }

 private:
  NetworkWorld& world_;
  Process& process_;
  SimNetwork network_;
};

/// The world of a test. Machines are made at their first mention.
class NetworkWorld {
 public:
  static constexpr std::uint16_t kPort = 7;

  explicit NetworkWorld(const NetworkSpec& spec, WorldOptions options = {},
                        AnchorSink* anchors = nullptr);
  ~NetworkWorld();
  NetworkWorld(const NetworkWorld&) = delete;
  NetworkWorld& operator=(const NetworkWorld&) = delete;

  Machine& machine(const std::string& name);
  Route route(const std::string& from, const std::string& to) {
    return {.from = machine(from), .to = machine(to)};
  }
  /// Boots a machine with this program.
  void boot(const std::string& name, std::function<void(Program&)> main);
  /// Runs `action` at this time, as a fault.
  void at(Duration time, std::function<void()> action);
  /// Runs until this time.
  void run(Duration until);

  /// Whether a program has said something that contains `text`, and how often.
  int said(std::string_view text) const;
  /// Texts of the lines of one machine, without times.
  std::vector<std::string> said_by(std::string_view name) const;
  /// When it first said it, in microseconds; -1 where it never did.
  std::int64_t when(std::string_view text) const;

  /// What the trace tells of frames: "client > server: TEXT", "server < client: TEXT".
  const std::vector<std::string>& notes() const { return observer_.notes; }

  World& world() { return world_; }
  NetworkDevice& network() { return network_; }
  Meters& meters() { return meters_; }
  std::uint64_t effects(FaultKind kind) const { return meters_.of(kind).took_effect; }
  std::uint64_t all_effects() const;

 private:
  friend class Program;
  struct Line {
    std::string machine;
    std::string text;
    std::int64_t us = 0;
  };
  class Actions final : public EventTarget {
   public:
    void on_event(const Event& event) override { actions[event.argument](); }
    std::vector<std::function<void()>> actions;
  };

  class Notes final : public Observer {
   public:
    void on_note(const Note& note) override {
      const char* const way = note.kind == NoteKind::kSend ? " > " : " < ";
      notes.push_back(std::string(note.machine) + way + std::string(note.peer) + ": " + note.text);
    }
    std::vector<std::string> notes;
  };

  Notes observer_;
  Meters meters_;
  AnchorSink no_anchors_;
  Actions actions_;
  std::vector<Line> lines_;
  World world_;
  NetworkDevice network_;
};

}  // namespace millrace::sim
