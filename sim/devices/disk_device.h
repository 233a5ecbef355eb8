#pragma once

// The disk of one machine: requests take time, wait in a queue, and may fail or be damaged on
// purpose.
//
// It survives the machine's processes. What it stores, and what a crash leaves of that, is the pure
// model below it (disk_files.h); here are time, the schedule, faults and meters. Processes reach it
// through a SimDisk each (sim_disk.h), the fault engine through the calls named so below.
//
// A request takes effect when it completes. A process that is killed leaves a prefix of the writes
// that were under way; everything that was written before stays in the cache. A power loss leaves
// the medium and a drawn part of what no sync covered.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/devices/disk_crash.h"
#include "sim/kernel/anchor_sink.h"
#include "sim/kernel/meters.h"
#include "sim/kernel/world.h"
#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/env/disk.h"

namespace millrace::sim {

class DiskFiles;
class DiskSnapshot;
struct FileNode;

/// Sorts of requests: they differ in latency, and failures select by them.
enum class DiskOperation : std::uint8_t {
  kRead,
  kWrite,
  kTruncate,
  kSync,
  kSyncDirectory,
  kNames,  ///< Open, make a directory, rename, unlink, list, size.
};
inline constexpr int kDiskOperationCount = 6;

/// "read", "write", "truncate", "sync", "sync_directory", "names".
std::string_view to_text(DiskOperation operation);

/// How long requests take. Guess: an NVMe drive behind a page cache; scenarios override it.
struct DiskLatency {
  /// Time in which nothing else of its sort is served, without and for each KiB of data. Syncs wait
  /// for each other at the medium, all other requests at the cache: they overtake a running sync.
  std::array<Duration, kDiskOperationCount> base = {microseconds(15),  microseconds(8),
                                                    microseconds(8),   microseconds(120),
                                                    microseconds(120), microseconds(4)};
  Duration each_kib = nanoseconds(400);
  /// Mean of the exponential part beyond that, in which the device already serves others.
  Duration spread_mean = microseconds(40);
  /// Now and then the device pauses by itself, for collecting garbage: log-uniform.
  Ratio pause_ratio = {1, 500};
  Duration pause_low = microseconds(500);
  Duration pause_high = milliseconds(20);
};

/// What a machine's disk is like.
struct DiskOptions {
  NameOrder order = NameOrder::kOrdered;
  DiskLatency latency;
};

/// A failure that requests meet on purpose.
struct DiskFailure {
  /// Which requests. A failing write leaves a drawn prefix; a failing sync writes some of the dirty
  /// pages and forgets the others; everything else fails without effect.
  DiskOperation operation = DiskOperation::kWrite;
  Errc code = Errc::kIo;    ///< kIo or kNoSpace (checked).
  std::uint32_t count = 1;  ///< How many requests fail; 0 stands for all until heal().
  std::string path;         ///< Only requests of this file; empty for any.
  FaultKind kind = FaultKind::kDiskWriteError;  ///< Whose meter counts.
};

/// A span of stored bytes that differ from what was written there, or cannot be read.
struct DamagedRange {
  std::string path;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  FaultKind kind = FaultKind::kDiskBitRot;

  friend bool operator==(const DamagedRange&, const DamagedRange&) = default;
};

class DiskDevice final : public EventTarget, public ProcessListener {
 public:
  /// The arguments outlive the device, the device outlives the world's last process.
  DiskDevice(World& world, Machine& machine, Meters& meters, AnchorSink& anchors,
             const DiskOptions& options);
  ~DiskDevice() override;
  DiskDevice(const DiskDevice&) = delete;
  DiskDevice& operator=(const DiskDevice&) = delete;

  Machine& machine() const { return machine_; }
  EntityId entity() const { return entity_; }

  // --- crashes (fault engine) ---
  /// Takes the medium and a drawn part of what no sync covered; requests under way end with the
  /// power, writes among them with a prefix. Call it before or after World::kill(kPowerLoss): that
  /// call does not return when a task of the machine makes it, so there it must come before. Draws
  /// are keyed by `who`'s root and the files' names. A second call finds nothing unsynced.
  void power_loss(const EventIdentity& who, const Survival& survival);

  /// The disk as a power loss would leave it now if nothing unsynced survived: an image of the last
  /// sync points. Cost: O(pages) pointers; contents are shared until they are overwritten.
  std::unique_ptr<DiskSnapshot> snapshot() const;
  /// The machine boots with an older disk. No process runs (checked). Returns whether anything
  /// differs from what was there.
  bool restore(const DiskSnapshot& snapshot);
  /// The machine boots with an empty disk. No process runs (checked). Returns whether files are
  /// gone.
  bool lose();

  // --- conditions (fault engine) ---
  /// Adds to the failures in wait.
  void fail_next(DiskFailure failure);
  /// The device answers nothing for this long; what is under way waits, too. A stall within a
  /// longer one changes nothing.
  void stall(Duration duration);
  /// Each later request takes `multiplier` times as long; 1 is the normal speed.
  void set_slowness(std::uint32_t multiplier);
  /// Leaves room for this many more bytes, or what an earlier call left where that is less; none
  /// stands for a disk that never fills up.
  void set_room(std::optional<std::uint64_t> bytes_left);
  /// Ends all of the above and disarms what waits for a next request. Stored damage stays.
  void heal();

  // --- damage of synced data (fault engine) ---
  // `path` selects a file; where it is empty, one is drawn by `who`. Without a file that has synced
  // data nothing happens, and the result is empty.
  /// Flips 1 to 8 bits of one sector.
  std::optional<DamagedRange> rot(const EventIdentity& who, std::string_view path);
  /// Makes 1 to 8 sectors unreadable.
  std::optional<DamagedRange> make_unreadable(const EventIdentity& who, std::string_view path);
  /// One sector that the next sync writes goes over a synced sector of the same file instead, and
  /// its own place keeps the old bytes.
  void misdirect_next_write(const EventIdentity& who, std::string_view path);
  /// The next read of synced data gets the bytes of another sector for one of its own.
  void misdirect_next_read(const EventIdentity& who, std::string_view path);
  /// The next read of synced data gets what a sector held before its last synced write.
  void stale_next_read(const EventIdentity& who, std::string_view path);
  /// Drops clean pages from the cache: data of failed syncs shows its old bytes.
  void evict();

  // --- what checkers may ask ---
  /// Stored bytes that a read would not give as they were written, in order. Overwriting repairs.
  std::vector<DamagedRange> damaged_ranges(std::string_view path) const;
  bool is_damaged(std::string_view path) const;
  bool is_damaged() const;
  /// Whether a failure, a slowness or a bound of the room is in force, or something is armed.
  bool has_condition() const;
  const DiskFiles& files() const { return *files_; }
  /// A copy of the files, as long as no request is under way.
  std::optional<DiskFiles> files_at_rest() const;
  /// A copy of the files where one request is under way and no other: if it is a write, all but its
  /// last `lost` bytes were made, and else nothing of it.
  std::optional<DiskFiles> files_with_cut(std::uint64_t lost) const;
  /// Files that a process has opened and not closed. Cost: O(open files).
  std::size_t open_file_count(const Process& process) const;

  // --- requests (SimDisk) ---
  // [task] Each gives way until the device answered; on the simulator's heap. Paths and bytes are
  // the caller's and live until the call returns.
  /// Why a request failed; `detail` is a literal.
  struct Refusal {
    Errc code = Errc::kIo;
    std::string_view detail;
  };
  using Outcome = std::optional<Refusal>;
  struct HandleTag;
  /// An open file of a process, as a descriptor: unknown once closed.
  using Handle = StrongId<HandleTag>;

  Outcome open(std::string_view path, OpenMode mode, Handle& handle);
  void close(Handle handle);
  Outcome make_directory(std::string_view path);
  Outcome rename(std::string_view from, std::string_view to);
  Outcome unlink(std::string_view path);
  /// The names are there until the caller gives way again.
  Outcome list(std::string_view path, std::vector<std::string_view>& names);
  Outcome sync_directory(std::string_view path);
  Outcome write(Handle handle, std::uint64_t offset, ByteView bytes);
  /// Waits for the device; then `size` is how much take_read() will give.
  Outcome read(Handle handle, std::uint64_t offset, std::size_t& size);
  /// Fills `target`, of the size that read() gave, without giving way.
  void take_read(Handle handle, std::uint64_t offset, std::span<std::byte> target);
  Outcome sync(Handle handle);
  Outcome truncate(Handle handle, std::uint64_t size);
  Outcome size(Handle handle, std::uint64_t& size);

  void on_event(const Event& event) override;
  void on_end(Process& process, ProcessEnd end) override;

 private:
  enum class RequestKind : std::uint8_t {
    kOpen,
    kMakeDirectory,
    kRename,
    kUnlink,
    kList,
    kSyncDirectory,
    kWrite,
    kRead,
    kSync,
    kTruncate,
    kSize,
  };

  /// A request from its making until its caller took the answer. Lives in a slot, never on a task's
  /// stack: a killed task runs no destructors.
  struct Request {
    RequestKind kind = RequestKind::kOpen;
    std::shared_ptr<FileNode> node;
    Handle handle;
    OpenMode mode = OpenMode::kExisting;
    std::string_view path;
    std::string_view target;  // Of a rename.
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    ByteView bytes;

    Task* task = nullptr;
    ProcessId process;
    std::uint64_t number = 0;  // Order of the requests; 0 marks a free slot.
    std::uint64_t up_to = 0;   // The disk's ordinal when it was made: what a sync covers.
    EventIdentity who;
    EventHandle event;
    SimTime due;
    bool is_queued = false;
    bool is_applied = false;
    bool is_done = false;
    bool is_change = false;  // Known before it happens, and only where somebody asks.
    bool fails = false;
    Errc failure = Errc::kIo;
    FaultKind failure_kind = FaultKind::kDiskWriteError;
    Outcome outcome;
  };

  struct OpenFile {
    std::shared_ptr<FileNode> node;
    ProcessId process;
    std::uint64_t errors_seen = 0;
  };

  /// Damage that waits for a request.
  struct Armed {
    EventIdentity who;
    std::string path;
    std::uint32_t tries = 0;
  };

  static DiskOperation operation_of(RequestKind kind);

  // Requests.
  Request request_for(Handle handle, RequestKind kind);
  std::uint32_t run(Request request);
  Outcome finish(std::uint32_t slot);
  SimTime serve(const Request& request);
  std::uint64_t transfer_bytes(const Request& request) const;
  void match_failure(Request& request);
  /// Moves what is under way, and the queues behind it, by this much, never before now.
  void shift_requests(Duration by);
  void apply(Request& request);
  Outcome apply_names(Request& request);
  Outcome apply_open(Request& request);
  Outcome apply_write(Request& request, std::uint64_t bytes_max);
  Outcome apply_read(Request& request);
  Outcome apply_truncate(Request& request);
  Outcome apply_sync(Request& request);
  Outcome fail_sync(Request& request);
  void settle_syncs(const FileNode& node);
  void end_requests(std::optional<ProcessId> process);
  void end_request(Request& request);
  void free_request(Request& request);
  Where where_of_request(const Request& request) const;
  std::string_view path_of(const Request& request) const;
  std::uint64_t room() const;
  std::uint64_t draw_prefix(const EventIdentity& who, Purpose purpose, std::uint64_t size,
                            bool neutral_is_all);
  OpenFile& open_file(Handle handle);
  std::vector<const Request*> under_way() const;
  void tell(Request& request, DiskPhase phase);
  bool is_change(const Request& request) const;
  static std::string_view word_of(const Request& request);
  void note(NoteKind kind, std::string text);
  void note_failure(const Request& request, std::string_view what);

  // Damage.
  struct Target {
    std::string path;
    std::shared_ptr<FileNode> node;
    std::uint64_t sector = 0;
  };
  std::optional<Target> draw_target(const EventIdentity& who, std::string_view path) const;
  bool is_armed_for(const std::optional<Armed>& armed, const FileNode& node) const;
  std::uint64_t draw_index(const EventIdentity& who, std::uint64_t count,
                           std::uint32_t index) const;
  void sync_astray(Request& request);
  void disturb_read(FileNode& node, std::uint64_t offset, std::span<std::byte> target);
  void show_other(std::optional<Armed>& armed, const FileNode& node, std::uint64_t offset,
                  std::span<std::byte> target, FaultKind kind);

  World& world_;
  Machine& machine_;
  Meters& meters_;
  AnchorSink& anchors_;
  DiskOptions options_;
  EntityId entity_;
  Where names_where_;
  Where evict_where_;
  std::unique_ptr<DiskFiles> files_;

  std::map<Handle, OpenFile> handles_;
  std::uint64_t next_handle_ = 1;
  std::vector<Request> requests_;  // Slots, used again.
  std::vector<std::uint32_t> free_requests_;
  std::uint64_t next_request_ = 1;

  // The cache and the medium each serve one request after the other, until then.
  SimTime cache_busy_until_;
  SimTime medium_busy_until_;
  SimTime stalled_until_;
  std::uint32_t slowness_ = 1;
  std::optional<std::uint64_t> capacity_;
  std::vector<DiskFailure> failures_;
  std::optional<Armed> astray_write_;
  std::optional<Armed> astray_read_;
  std::optional<Armed> stale_read_;
};

}  // namespace millrace::sim
