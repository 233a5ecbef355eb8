#pragma once

// The history of one run: stamps what is recorded, shows it to the properties, and keeps the trace.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/kernel/world.h"
#include "sim/run/history.h"
#include "sim/run/property_set.h"
#include "sim/run/run.h"
#include "sim/run/trace_causes.h"

namespace millrace::run {

class RunHistory final : public History {
 public:
  /// All arguments outlive the history.
  RunHistory(sim::World& world, PropertySet& properties, const Plan& plan,
             const RunOptions& options);

  /// What a client recorded, or the run itself (types of run_records.h).
  void take(const RecordType& type, const void* record) override;
  void take_fact(sim::Machine& machine, const FactView& fact);
  void take_note(const sim::Note& note);

  /// Where the run stands.
  At here(std::uint32_t machine) const;

  /// Shows what is still held back.
  void flush();

  std::uint64_t records() const { return records_; }
  std::uint64_t client_records() const { return client_records_; }
  void take_machine_state(const sim::Machine& machine);
  void take_queued(const sim::EventIdentity& who);
  void take_taken(std::uint64_t message);
  /// A process of the machine came to its end.
  void take_process_end(const sim::Machine& machine);
  std::vector<TraceLine> take_trace();
  /// What the trace has beside its lines.
  TraceFacts take_trace_facts() { return std::move(trace_facts_); }

 private:
  /// A record that the canary shows after the next one.
  struct HeldBack {
    const RecordType* type = nullptr;
    std::shared_ptr<const void> record;
    At at;
  };

  void show(std::uint64_t key, const void* record, At at);
  void show_client_record(const RecordType& type, const void* record, At at);
  /// What a line of the trace says, and of which record.
  struct Said {
    std::string words = {};
    std::uint64_t record = 0;
    std::uint64_t key = 0;  ///< Of the record's type.
    std::string_view type = {};
    std::vector<TraceField> fields = {};
  };
  void add_line(const sim::Note& note, Said said);
  /// What the run itself records is no line of its own.
  void trace_own(const RecordType& type, const void* record);
  void add_change(std::string_view machine, MachineLife life);

  sim::World& world_;
  PropertySet& properties_;
  const RunOptions& options_;
  // A look at some blocks of the fingerprint needs the lines of their records alone, of which a
  // long trace might have none left.
  bool looks_at_blocks_;
  std::uint64_t look_first_;
  std::uint64_t look_last_;
  std::uint64_t records_ = 0;
  std::uint64_t client_records_ = 0;
  std::optional<HeldBack> held_back_;
  std::map<std::uint64_t, std::uint64_t> operations_;  // By root; only of a traced run.
  /// A line with what its type is known by.
  struct KeyedLine {
    TraceLine line;
    std::uint64_t key = 0;
  };
  void add_bounded(std::deque<KeyedLine>& lines, KeyedLine line, std::size_t bound);

  // What clients, faults and machines did is kept much longer than frames and disk requests, of
  // which the last ones before the end matter.
  std::uint64_t lines_ = 0;
  std::deque<KeyedLine> story_;
  std::deque<KeyedLine> traffic_;
  std::unique_ptr<TraceCauses> causes_;  // Of a traced run.
  TraceFacts trace_facts_;
  std::map<std::uint64_t, std::size_t> taken_;  // Places in trace_facts_.operations, by id.
};

}  // namespace millrace::run
