#include "sim/devices/disk_device.h"

#include <algorithm>
#include <utility>

#include "sim/devices/disk_files.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

/// Argument of the event that drops clean pages; all others are slots of requests.
constexpr std::uint64_t kEvict = UINT64_MAX;

/// Failed pages leave the cache after this long. Guess: memory pressure comes between a moment and
/// some seconds; scenarios need both a recovery that still sees the new bytes and one that does
/// not.
constexpr Duration kEvictLow = milliseconds(1);
constexpr Duration kEvictHigh = seconds(10);

constexpr std::string_view text_of(Errc code) {
  switch (code) {
    case Errc::kNotFound:
      return "no such file or directory";
    case Errc::kAlreadyExists:
      return "the name is taken";
    case Errc::kNoSpace:
      return "no space left";
    case Errc::kInvalid:
      return "a directory, or not a path";
    default:
      return "the device failed";
  }
}

DiskDevice::Outcome refusal(Errc code) {
  return DiskDevice::Refusal{.code = code, .detail = text_of(code)};
}

DiskDevice::Outcome outcome_of(const std::expected<void, Errc>& result) {
  return result.has_value() ? DiskDevice::Outcome{} : refusal(result.error());
}

/// How much of a write can be made where sectors are unreadable: a part of a sector is only written
/// once the rest of it was read.
std::uint64_t writable_prefix(const FileImage& image, std::uint64_t offset, std::uint64_t size) {
  if (image.damage().empty() || size == 0) return size;
  const auto is_blocked = [&](std::uint64_t sector) {
    const std::uint64_t start = sector * kSectorBytes;
    const std::uint64_t end = std::min(start + kSectorBytes, image.size());
    const bool is_whole = offset <= start && offset + size >= end;
    return !is_whole && image.first_unreadable(start, 1).has_value();
  };
  const std::uint64_t first = offset / kSectorBytes;
  const std::uint64_t last = (offset + size - 1) / kSectorBytes;
  if (is_blocked(first)) return 0;
  return is_blocked(last) ? last * kSectorBytes - offset : size;
}

DiskRequest moment_of(DiskOperation operation, bool is_rename) {
  if (is_rename) return DiskRequest::kRename;
  if (operation == DiskOperation::kWrite) return DiskRequest::kWrite;
  const bool is_sync =
      operation == DiskOperation::kSync || operation == DiskOperation::kSyncDirectory;
  return is_sync ? DiskRequest::kSync : DiskRequest::kOther;
}

}  // namespace

std::string_view to_text(DiskOperation operation) {
  switch (operation) {
    case DiskOperation::kRead:
      return "read";
    case DiskOperation::kWrite:
      return "write";
    case DiskOperation::kTruncate:
      return "truncate";
    case DiskOperation::kSync:
      return "sync";
    case DiskOperation::kSyncDirectory:
      return "sync_directory";
    case DiskOperation::kNames:
      return "names";
  }
  UNREACHABLE("every operation has a name");
}

DiskDevice::DiskDevice(World& world, Machine& machine, Meters& meters, AnchorSink& anchors,
                       const DiskOptions& options)
    : world_(world),
      machine_(machine),
      meters_(meters),
      anchors_(anchors),
      options_(options),
      entity_(world.add_entity(machine.name() + "/disk", 0)),
      names_where_(where_of(machine.name(), "disk", "names")),
      evict_where_(where_of(machine.name(), "disk", "evict")),
      files_(std::make_unique<DiskFiles>(machine.name(), options.order)) {
  world.add_listener(*this);
}

DiskDevice::~DiskDevice() = default;

// --- requests: their way through the queue ---

DiskOperation DiskDevice::operation_of(RequestKind kind) {
  switch (kind) {
    case RequestKind::kRead:
      return DiskOperation::kRead;
    case RequestKind::kWrite:
      return DiskOperation::kWrite;
    case RequestKind::kTruncate:
      return DiskOperation::kTruncate;
    case RequestKind::kSync:
      return DiskOperation::kSync;
    case RequestKind::kSyncDirectory:
      return DiskOperation::kSyncDirectory;
    case RequestKind::kOpen:
    case RequestKind::kMakeDirectory:
    case RequestKind::kRename:
    case RequestKind::kUnlink:
    case RequestKind::kList:
    case RequestKind::kSize:
      return DiskOperation::kNames;
  }
  UNREACHABLE("every request is of some sort");
}

std::uint32_t DiskDevice::run(Request request) {
  Task* const task = world_.current();
  CHECK(task != nullptr, "only a task makes requests");
  CHECK(&task->machine() == &machine_, "a process uses its own machine's disk");
  if (free_requests_.empty()) {
    free_requests_.push_back(static_cast<std::uint32_t>(requests_.size()));
    requests_.emplace_back();
  }
  const std::uint32_t slot = free_requests_.back();
  free_requests_.pop_back();
  requests_[slot] = std::move(request);
  requests_[slot].task = task;
  requests_[slot].process = task->process().id();
  requests_[slot].number = next_request_++;
  // May cut the power, or prepare a failure for this very request.
  tell(requests_[slot], DiskPhase::kBefore);

  Request& queued = requests_[slot];
  match_failure(queued);
  queued.up_to = files_->ordinal();
  queued.who = world_.identify(world_.current_root(), EventKind::kDisk, where_of_request(queued));
  world_.tell_queued(queued.who);
  queued.due = serve(queued);
  queued.event = world_.schedule(queued.who, queued.due, entity_, *this, slot);
  queued.is_queued = true;
  while (!requests_[slot].is_done) world_.wait_in_disk();
  return slot;
}

DiskDevice::Outcome DiskDevice::finish(std::uint32_t slot) {
  tell(requests_[slot], DiskPhase::kAfter);
  const Outcome outcome = requests_[slot].outcome;
  free_request(requests_[slot]);
  return outcome;
}

SimTime DiskDevice::serve(const Request& request) {
  const SimTime now = world_.now();
  if (now < stalled_until_) meters_.took_effect(FaultKind::kDiskStall);
  if (slowness_ > 1) meters_.took_effect(FaultKind::kDiskSlow);
  const DiskLatency& latency = options_.latency;
  const auto operation = static_cast<std::size_t>(operation_of(request.kind));
  const auto kibs = static_cast<std::int64_t>((transfer_bytes(request) + 1023) / 1024);
  const Duration service = (latency.base[operation] + latency.each_kib * kibs) * slowness_;

  Choices& choices = world_.choices();
  const std::int64_t spread =
      choices.exponential(request.who, Purpose::kDiskLatency, latency.spread_mean.ns);
  Duration pause;
  if (choices.hit(request.who, Purpose::kDiskStall, latency.pause_ratio, 0)) {
    pause.ns = choices.log_uniform(request.who, Purpose::kDiskStall, latency.pause_low.ns,
                                   latency.pause_high.ns, 1);
  }
  const bool is_medium =
      request.kind == RequestKind::kSync || request.kind == RequestKind::kSyncDirectory;
  SimTime& busy_until = is_medium ? medium_busy_until_ : cache_busy_until_;
  busy_until = std::max({now, busy_until, stalled_until_}) + service + pause;
  return busy_until + nanoseconds(std::max<std::int64_t>(spread, 0));
}

std::uint64_t DiskDevice::transfer_bytes(const Request& request) const {
  switch (request.kind) {
    case RequestKind::kWrite:
      return request.bytes.size();
    case RequestKind::kRead:
      return request.offset < request.node->image.size()
                 ? std::min(request.size, request.node->image.size() - request.offset)
                 : 0;
    case RequestKind::kSync:
      return request.node->image.dirty_count() * kSectorBytes;
    case RequestKind::kOpen:
    case RequestKind::kMakeDirectory:
    case RequestKind::kRename:
    case RequestKind::kUnlink:
    case RequestKind::kList:
    case RequestKind::kSyncDirectory:
    case RequestKind::kTruncate:
    case RequestKind::kSize:
      return 0;
  }
  UNREACHABLE("every request is of some sort");
}

void DiskDevice::match_failure(Request& request) {
  const auto match = std::ranges::find_if(failures_, [&](const DiskFailure& failure) {
    const bool is_path = failure.path.empty() || failure.path == path_of(request);
    return is_path && failure.operation == operation_of(request.kind);
  });
  if (match == failures_.end()) return;
  request.fails = true;
  request.failure = match->code;
  request.failure_kind = match->kind;
  if (match->count == 0) return;
  --match->count;
  if (match->count == 0) failures_.erase(match);
}

void DiskDevice::on_event(const Event& event) {
  if (event.argument == kEvict) {
    evict();
    return;
  }
  const std::uint64_t number = requests_[event.argument].number;
  // May cut the power: then the request is gone.
  tell(requests_[event.argument], DiskPhase::kDuring);
  Request& request = requests_[event.argument];
  if (request.number != number) return;
  CHECK(request.is_queued, "a completion belongs to a request");
  CHECK(!request.is_done, "a request completes once");
  apply(request);
  request.is_done = true;
  world_.make_ready(*request.task, event.who);
}

void DiskDevice::free_request(Request& request) {
  const auto slot = static_cast<std::uint32_t>(&request - requests_.data());
  request = Request{};
  free_requests_.push_back(slot);
}

// --- what requests do ---

void DiskDevice::apply(Request& request) {
  if (request.is_applied) return;
  request.is_applied = true;
  const bool has_own_failure =
      request.kind == RequestKind::kWrite || request.kind == RequestKind::kSync;
  if (request.fails) meters_.took_effect(request.failure_kind);
  if (request.fails && !has_own_failure) {
    note_failure(request, std::string(word_of(request)) + " failed");
    request.outcome = refusal(request.failure);
    return;
  }
  switch (request.kind) {
    case RequestKind::kOpen:
      request.outcome = apply_open(request);
      return;
    case RequestKind::kMakeDirectory:
    case RequestKind::kRename:
    case RequestKind::kUnlink:
    case RequestKind::kList:
    case RequestKind::kSyncDirectory:
      request.outcome = apply_names(request);
      return;
    case RequestKind::kWrite:
      request.outcome = apply_write(
          request, request.fails
                       ? draw_prefix(request.who, Purpose::kDiskError, request.bytes.size(), false)
                       : request.bytes.size());
      return;
    case RequestKind::kRead:
      request.outcome = apply_read(request);
      return;
    case RequestKind::kSync:
      request.outcome = request.fails ? fail_sync(request) : apply_sync(request);
      return;
    case RequestKind::kTruncate:
      request.outcome = apply_truncate(request);
      return;
    case RequestKind::kSize:
      request.size = request.node->image.size();
      return;
  }
}

DiskDevice::Outcome DiskDevice::apply_open(Request& request) {
  const bool may_create = request.mode != OpenMode::kExisting;
  if (may_create && room() == 0 &&
      files_->names().find(request.path) == std::unexpected(Errc::kNotFound)) {
    meters_.took_effect(FaultKind::kDiskFull);
    return refusal(Errc::kNoSpace);
  }
  const std::expected<FileRef, Errc> file = files_->open(request.path, request.mode);
  if (!file.has_value()) return refusal(file.error());
  request.node = *file;
  request.handle = Handle(next_handle_++);
  // Errors before this handle were reported to others.
  handles_.emplace(
      request.handle,
      OpenFile{.node = *file, .process = request.process, .errors_seen = (*file)->sync_errors});
  return std::nullopt;
}

DiskDevice::Outcome DiskDevice::apply_names(Request& request) {
  if (request.kind == RequestKind::kRename) {
    return outcome_of(files_->rename(request.path, request.target));
  }
  if (request.kind == RequestKind::kUnlink) return outcome_of(files_->unlink(request.path));
  if (request.kind == RequestKind::kSyncDirectory) {
    return outcome_of(files_->sync_directory(request.path, request.up_to));
  }
  if (request.kind == RequestKind::kMakeDirectory) {
    if (room() == 0 && !files_->names().has_directory(request.path)) {
      meters_.took_effect(FaultKind::kDiskFull);
      return refusal(Errc::kNoSpace);
    }
    return outcome_of(files_->make_directory(request.path));
  }
  CHECK(request.kind == RequestKind::kList, "no other request is about names");
  if (!files_->names().has_directory(request.path)) return refusal(Errc::kNotFound);
  return std::nullopt;
}

DiskDevice::Outcome DiskDevice::apply_write(Request& request, std::uint64_t bytes_max) {
  const FileImage& image = request.node->image;
  const std::uint64_t size = request.bytes.size();
  if (size == 0) return request.fails ? refusal(request.failure) : std::nullopt;
  std::uint64_t count = std::min(bytes_max, size);
  Outcome outcome = request.fails ? refusal(request.failure) : std::nullopt;
  // Room is needed for what grows the file.
  const std::uint64_t free = room();
  const std::uint64_t end_max =
      std::min(free < DiskFiles::kFileBytesMax ? image.size() + free : DiskFiles::kFileBytesMax,
               DiskFiles::kFileBytesMax);
  const std::uint64_t fits = request.offset < end_max ? end_max - request.offset : 0;
  if (count > fits) {
    count = fits;
    outcome = refusal(Errc::kNoSpace);
    if (capacity_.has_value()) meters_.took_effect(FaultKind::kDiskFull);
  }
  if (const std::uint64_t readable = writable_prefix(image, request.offset, count);
      readable < count) {
    count = readable;
    outcome = refusal(Errc::kIo);
    meters_.took_effect(FaultKind::kDiskReadError);
  }
  const ByteView written = request.bytes.first(static_cast<std::size_t>(count));
  if (!written.empty()) files_->write(request.node, request.offset, written);
  world_.add_to_fingerprint(hash_name(as_text(written)));
  if (world_.is_traced()) {
    const std::string what =
        std::to_string(count) + " B written at " + std::to_string(request.offset);
    if (outcome.has_value()) {
      note_failure(request, what + ", then an error");
    } else {
      note(NoteKind::kDisk, std::string(path_of(request)) + ": " + what + ", not yet synced");
    }
  }
  return outcome;
}

DiskDevice::Outcome DiskDevice::apply_read(Request& request) {
  const FileImage& image = request.node->image;
  const std::uint64_t size = image.size();
  request.size = request.offset < size ? std::min(request.size, size - request.offset) : 0;
  if (image.first_unreadable(request.offset, request.size).has_value()) {
    meters_.took_effect(FaultKind::kDiskReadError);
    note_failure(request, "read failed");
    return refusal(Errc::kIo);
  }
  return std::nullopt;
}

DiskDevice::Outcome DiskDevice::apply_truncate(Request& request) {
  const std::uint64_t before = request.node->image.size();
  if (request.size > DiskFiles::kFileBytesMax) return refusal(Errc::kNoSpace);
  if (request.size > before && request.size - before > room()) {
    meters_.took_effect(FaultKind::kDiskFull);
    return refusal(Errc::kNoSpace);
  }
  settle_syncs(*request.node);
  files_->truncate(request.node, request.size);
  return std::nullopt;
}

DiskDevice::Outcome DiskDevice::apply_sync(Request& request) {
  sync_astray(request);
  const auto open = handles_.find(request.handle);
  if (open == handles_.end()) return std::nullopt;  // Its process ended while it was under way.
  if (open->second.errors_seen < request.node->sync_errors) {
    open->second.errors_seen = request.node->sync_errors;
    meters_.took_effect(FaultKind::kDiskFailedSync);
    note_failure(request, "sync failed, as an earlier one did");
    return Refusal{.code = Errc::kIo, .detail = "an earlier sync of this file failed"};
  }
  if (world_.is_traced()) note(NoteKind::kDisk, std::string(path_of(request)) + " synced");
  return std::nullopt;
}

DiskDevice::Outcome DiskDevice::fail_sync(Request& request) {
  Choices& choices = world_.choices();
  const std::uint64_t lost =
      files_->fail_sync(request.node, request.up_to, [&](std::uint64_t page) {
        return choices.hit(request.who, Purpose::kDiskError, {1, 2},
                           static_cast<std::uint32_t>(page));
      });
  const auto open = handles_.find(request.handle);
  if (open != handles_.end()) open->second.errors_seen = request.node->sync_errors;
  if (lost > 0) {
    const EventIdentity who = world_.identify(request.who.root, EventKind::kDisk, evict_where_);
    const std::int64_t delay =
        choices.log_uniform(who, Purpose::kDiskLatency, kEvictLow.ns, kEvictHigh.ns);
    world_.schedule(who, world_.now() + nanoseconds(std::max<std::int64_t>(delay, 0)), entity_,
                    *this, kEvict);
  }
  note_failure(request, "sync failed, " + std::to_string(lost) +
                            (lost == 1 ? " sector" : " sectors") + " never written");
  return refusal(request.failure);
}

void DiskDevice::settle_syncs(const FileNode& node) {
  // A sync may take effect at any moment of its time; before a truncation it is simplest.
  for (Request& request : requests_) {
    const bool is_sync = request.is_queued && request.kind == RequestKind::kSync;
    if (is_sync && request.node.get() == &node) apply(request);
  }
}

// --- ends of processes ---

void DiskDevice::on_end(Process& process, ProcessEnd /*end*/) {
  end_requests(process.id());
  std::erase_if(handles_,
                [&](const auto& handle) { return handle.second.process == process.id(); });
}

void DiskDevice::end_requests(std::optional<ProcessId> process) {
  std::vector<std::uint32_t> ended;
  for (std::uint32_t slot = 0; slot < requests_.size(); ++slot) {
    const Request& request = requests_[slot];
    if (request.number == 0) continue;
    if (!process.has_value() || request.process == *process) ended.push_back(slot);
  }
  std::ranges::sort(ended, {}, [&](std::uint32_t slot) { return requests_[slot].number; });
  for (const std::uint32_t slot : ended) end_request(requests_[slot]);
}

void DiskDevice::end_request(Request& request) {
  if (request.is_queued && !request.is_done) {
    world_.cancel(request.event);
    if (request.kind == RequestKind::kWrite) {
      request.is_applied = true;
      apply_write(request,
                  draw_prefix(request.who, Purpose::kCrashShape, request.bytes.size(), true));
    } else if (!world_.choices().hit(request.who, Purpose::kCrashMetadata, {1, 2})) {
      apply(request);
    }
  }
  free_request(request);
}

std::uint64_t DiskDevice::draw_prefix(const EventIdentity& who, Purpose purpose, std::uint64_t size,
                                      bool neutral_is_all) {
  const auto highest = static_cast<std::int64_t>(size);
  const std::int64_t drawn = world_.choices().one_of(who, purpose, 0, highest);
  return static_cast<std::uint64_t>(neutral_is_all ? highest - drawn : drawn);
}

// --- the calls of processes ---

DiskDevice::Request DiskDevice::request_for(Handle handle, RequestKind kind) {
  Request request;
  request.kind = kind;
  request.node = open_file(handle).node;
  request.handle = handle;
  return request;
}

DiskDevice::OpenFile& DiskDevice::open_file(Handle handle) {
  const auto found = handles_.find(handle);
  CHECK(found != handles_.end(), "a file is used while it is open");
  return found->second;
}

DiskDevice::Outcome DiskDevice::open(std::string_view path, OpenMode mode, Handle& handle) {
  Request request;
  request.kind = RequestKind::kOpen;
  request.path = path;
  request.mode = mode;
  const std::uint32_t slot = run(std::move(request));
  handle = requests_[slot].handle;
  return finish(slot);
}

void DiskDevice::close(Handle handle) { handles_.erase(handle); }

std::size_t DiskDevice::open_file_count(const Process& process) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      handles_, [&](const auto& entry) { return entry.second.process == process.id(); }));
}

DiskDevice::Outcome DiskDevice::make_directory(std::string_view path) {
  Request request;
  request.kind = RequestKind::kMakeDirectory;
  request.path = path;
  return finish(run(std::move(request)));
}

DiskDevice::Outcome DiskDevice::rename(std::string_view from, std::string_view to) {
  Request request;
  request.kind = RequestKind::kRename;
  request.path = from;
  request.target = to;
  return finish(run(std::move(request)));
}

DiskDevice::Outcome DiskDevice::unlink(std::string_view path) {
  Request request;
  request.kind = RequestKind::kUnlink;
  request.path = path;
  return finish(run(std::move(request)));
}

DiskDevice::Outcome DiskDevice::list(std::string_view path, std::vector<std::string_view>& names) {
  Request request;
  request.kind = RequestKind::kList;
  request.path = path;
  const Outcome outcome = finish(run(std::move(request)));
  if (outcome.has_value()) return outcome;
  return outcome_of(files_->names().list(path, names));
}

DiskDevice::Outcome DiskDevice::sync_directory(std::string_view path) {
  Request request;
  request.kind = RequestKind::kSyncDirectory;
  request.path = path;
  return finish(run(std::move(request)));
}

DiskDevice::Outcome DiskDevice::write(Handle handle, std::uint64_t offset, ByteView bytes) {
  Request request = request_for(handle, RequestKind::kWrite);
  request.offset = offset;
  request.bytes = bytes;
  return finish(run(std::move(request)));
}

DiskDevice::Outcome DiskDevice::read(Handle handle, std::uint64_t offset, std::size_t& size) {
  Request request = request_for(handle, RequestKind::kRead);
  request.offset = offset;
  request.size = size;
  const Outcome outcome = finish(run(std::move(request)));
  // Another task may have cut the file since the device answered.
  const std::uint64_t end = open_file(handle).node->image.size();
  size = offset < end ? std::min<std::size_t>(size, end - offset) : 0;
  return outcome;
}

void DiskDevice::take_read(Handle handle, std::uint64_t offset, std::span<std::byte> target) {
  if (target.empty()) return;  // The offset may lie beyond the end.
  FileNode& node = *open_file(handle).node;
  node.image.read(offset, target);
  node.image.show_damage(offset, target, [&](FaultKind kind) {
    // A write that went astray was counted when it did.
    if (kind != FaultKind::kDiskMisdirectedWrite) meters_.took_effect(kind);
  });
  disturb_read(node, offset, target);
}

DiskDevice::Outcome DiskDevice::sync(Handle handle) {
  return finish(run(request_for(handle, RequestKind::kSync)));
}

DiskDevice::Outcome DiskDevice::truncate(Handle handle, std::uint64_t size) {
  Request request = request_for(handle, RequestKind::kTruncate);
  request.size = size;
  return finish(run(std::move(request)));
}

DiskDevice::Outcome DiskDevice::size(Handle handle, std::uint64_t& size) {
  const std::uint32_t slot = run(request_for(handle, RequestKind::kSize));
  size = requests_[slot].size;
  return finish(slot);
}

// --- small things ---

Where DiskDevice::where_of_request(const Request& request) const {
  if (request.node != nullptr) return request.node->where;
  return names_where_;
}

std::string_view DiskDevice::path_of(const Request& request) const {
  if (request.node != nullptr && request.path.empty()) return request.node->first_name;
  return request.path;
}

std::uint64_t DiskDevice::room() const {
  if (!capacity_.has_value()) return UINT64_MAX;
  const std::uint64_t used = files_->used_bytes();
  return used < *capacity_ ? *capacity_ - used : 0;
}

void DiskDevice::tell(Request& request, DiskPhase phase) {
  if (!anchors_.wants(MomentKind::kDisk)) return;
  const DiskOperation operation = operation_of(request.kind);
  // Once it happened, one cannot tell any more.
  if (phase != DiskPhase::kAfter) request.is_change = is_change(request);
  const bool is_made = phase == DiskPhase::kBefore;
  anchors_.on_disk(machine_, {.request = moment_of(operation, request.kind == RequestKind::kRename),
                              .phase = phase,
                              .path = path_of(request),
                              .what = word_of(request),
                              .is_change = request.is_change,
                              .offset = request.offset,
                              .bytes = request.bytes.size(),
                              .root = is_made ? world_.current_root() : request.who.root});
}

std::string_view DiskDevice::word_of(const Request& request) {
  switch (request.kind) {
    case RequestKind::kOpen:
      return request.is_change ? "create" : "open";
    case RequestKind::kMakeDirectory:
      return "make directory";
    case RequestKind::kRename:
      return "rename";
    case RequestKind::kUnlink:
      return "unlink";
    case RequestKind::kList:
      return "list";
    case RequestKind::kSyncDirectory:
      return "sync directory";
    case RequestKind::kWrite:
      return "write";
    case RequestKind::kRead:
      return "read";
    case RequestKind::kSync:
      return "sync";
    case RequestKind::kTruncate:
      return "truncate";
    case RequestKind::kSize:
      return "size";
  }
  UNREACHABLE("every request has a word");
}

/// Whether it changes what is stored, or what of it is certain to stay.
bool DiskDevice::is_change(const Request& request) const {
  switch (request.kind) {
    case RequestKind::kOpen:
      return request.mode != OpenMode::kExisting &&
             files_->names().find(request.path) == std::unexpected(Errc::kNotFound);
    case RequestKind::kMakeDirectory:
      return !files_->names().has_directory(request.path);
    case RequestKind::kUnlink:
      return files_->names().find(request.path).has_value();
    case RequestKind::kTruncate:
      return request.size != request.node->image.size();
    case RequestKind::kRename:
    case RequestKind::kSyncDirectory:
    case RequestKind::kWrite:
    case RequestKind::kSync:
      return true;
    case RequestKind::kList:
    case RequestKind::kRead:
    case RequestKind::kSize:
      return false;
  }
  UNREACHABLE("every request is a change or none");
}

/// What a fault did to a request belongs to the faults, not to the disk's work.
void DiskDevice::note_failure(const Request& request, std::string_view what) {
  if (!world_.is_traced()) return;
  note(NoteKind::kFault, std::string(path_of(request)).append(": ").append(what));
}

void DiskDevice::note(NoteKind kind, std::string text) {
  world_.note({.kind = kind,
               .machine = machine_.name(),
               .peer = {},
               .text = std::move(text),
               .unsynced_bytes = static_cast<std::int64_t>(files_->unsynced_bytes())});
}

}  // namespace millrace::sim
