#include "sim/run/zygote.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <new>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include "sim/run/trace_log.h"
#include "sim/run/worker_main.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

constexpr std::size_t kStderrBytesMax = 64 << 10;

CrashPage* share_pages(std::uint32_t count) {
  void* const memory = mmap(nullptr, count * sizeof(CrashPage), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED, "a few pages can be shared");
  auto* const pages = static_cast<CrashPage*>(memory);
  for (std::uint32_t i = 0; i < count; ++i) new (pages + i) CrashPage;
  return pages;
}

/// Lets this process have as many open files as the slots need, where its limits admit that: with
/// the usual 1,024 a machine of 340 processors would be too large.
void make_room(std::uint32_t slots) {
  constexpr rlim_t kFilesOfSlot = 3;
  constexpr rlim_t kFilesBeside = 128;
  const rlim_t needed = slots * kFilesOfSlot + kFilesBeside;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= needed) return;
  files.rlim_cur = std::min(needed, files.rlim_max);
  setrlimit(RLIMIT_NOFILE, &files);
}

sigset_t child_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  return signals;
}

}  // namespace

Zygote::Zygote(const RunSource& source, std::uint32_t slots, const WorkerOptions& options)
    : source_(source), options_(options), slots_(slots), pages_(share_pages(slots)) {
  // Of files that are not there nothing is ever read.
  for (Slot& slot : slots_) slot.replies = std::make_unique<FrameReader>(-1);
  ends_ = std::make_unique<FrameReader>(-1);
  make_room(slots);
  is_alive_ = make_slots() && fork_here();
  if (is_alive_) return;
  trouble_ = fmt::format("{} workers cannot be started: {}", slots,
                         std::generic_category().message(errno));
}

bool Zygote::make_slots() {
  for (Slot& slot : slots_) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    slot.reply_in = OwnedFile(ends[0]);
    slot.reply_out = OwnedFile(ends[1]);
    slot.errors = OwnedFile(memfd_create("stderr", MFD_CLOEXEC));
    if (slot.errors.get() < 0) return false;
    slot.replies = std::make_unique<FrameReader>(slot.reply_in.get());
  }
  return true;
}

bool Zygote::fork_here() {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return false;
  process_ = fork();
  if (process_ == 0) {
    close(sockets[0]);
    serve(sockets[1]);
  }
  close(sockets[1]);
  control_ = OwnedFile(sockets[0]);
  ends_ = std::make_unique<FrameReader>(control_.get());
  return process_ > 0;
}

Zygote::~Zygote() {
  control_.reset();  // The zygote sees the end of its parent and kills its workers.
  if (process_ > 0) waitpid(process_, nullptr, 0);
  munmap(pages_, slots_.size() * sizeof(CrashPage));
}

// --- the parent's side ---

void Zygote::start(std::uint32_t slot, const std::vector<RunRequest>& requests) {
  CHECK(!requests.empty(), "a worker starts for something");
  pages_[slot] = CrashPage{};
  const bool is_sent =
      write_frame(control_.get(), batch_to_json({.slot = slot, .requests = requests}));
  if (!is_sent) is_alive_ = false;
}

void Zygote::kill(std::uint32_t slot) {
  const bool is_sent = write_frame(control_.get(), batch_to_json({.slot = slot, .requests = {}}));
  if (!is_sent) is_alive_ = false;
}

void Zygote::wait(int timeout_ms) {
  std::vector<pollfd> files;
  for (const Slot& slot : slots_) {
    files.push_back({.fd = slot.reply_in.get(), .events = POLLIN, .revents = 0});
  }
  files.push_back({.fd = control_.get(), .events = POLLIN, .revents = 0});
  poll(files.data(), files.size(), timeout_ms);
  // Ends first: what a worker wrote before its end is then in its pipe for sure.
  if (!ends_->fill()) is_alive_ = false;
  for (const Slot& slot : slots_) slot.replies->fill();
}

std::optional<std::string> Zygote::next_reply(std::uint32_t slot) {
  return slots_[slot].replies->next();
}

std::optional<Zygote::Ended> Zygote::next_end() {
  const std::optional<std::string> frame = ends_->next();
  if (!frame.has_value()) return std::nullopt;
  Ended ended;
  CHECK(frame->size() == sizeof(ended), "the zygote is of the same build");
  std::memcpy(&ended, frame->data(), sizeof(ended));
  return ended;
}

std::string Zygote::stderr_of(std::uint32_t slot) const {
  std::string text(kStderrBytesMax, '\0');
  const ssize_t bytes = pread(slots_[slot].errors.get(), text.data(), text.size(), 0);
  text.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  return text;
}

// --- the zygote's side ---

void Zygote::serve(int control) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The terminal's interrupt goes to the whole group; the parent decides what it means.
  for (const int ignored : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(ignored, SIG_IGN);
  const sigset_t signals = child_signal();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int children = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  workers_.assign(slots_.size(), 0);
  FrameReader batches(control);
  while (true) {
    pollfd files[] = {{.fd = control, .events = POLLIN, .revents = 0},
                      {.fd = children, .events = POLLIN, .revents = 0}};
    poll(files, 2, -1);
    if (files[1].revents != 0) {
      signalfd_siginfo info;
      while (read(children, &info, sizeof(info)) > 0) continue;
      report_ends(control);
    }
    if (files[0].revents == 0) continue;
    const bool has_parent = batches.fill();
    while (const std::optional<std::string> message = batches.next()) {
      fork_worker(control, *message);
    }
    if (has_parent) continue;
    for (const pid_t worker : workers_) {
      if (worker > 0) ::kill(worker, SIGKILL);
    }
    _exit(0);
  }
}

pid_t Zygote::fork_worker(int control, const std::string& message) {
  const BatchMessage batch = batch_from_json(message);
  if (batch.requests.empty()) {
    if (workers_[batch.slot] > 0) ::kill(workers_[batch.slot], SIGKILL);
    return 0;
  }
  Slot& slot = slots_[batch.slot];
  CHECK(ftruncate(slot.errors.get(), 0) == 0, "a file in memory can be emptied");
  const pid_t worker = fork();
  if (worker == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const sigset_t signals = child_signal();
    sigprocmask(SIG_UNBLOCK, &signals, nullptr);
    close(control);
    lseek(slot.errors.get(), 0, SEEK_SET);
    set_log_file(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
    dup2(slot.errors.get(), STDERR_FILENO);
    dup2(slot.errors.get(), STDOUT_FILENO);
    // A core file for each crashing seed would fill the disk.
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    setrlimit(RLIMIT_CORE, &none);
    work(source_, batch.requests, options_, slot.reply_out.get(), pages_[batch.slot]);
  }
  workers_[batch.slot] = worker;
  if (worker < 0) {
    const Ended ended{.slot = batch.slot, .status = 0xFF00, .peak_rss_kib = 0};
    write_frame(control, {reinterpret_cast<const char*>(&ended), sizeof(ended)});
  }
  return worker;
}

void Zygote::report_ends(int control) {
  while (true) {
    int status = 0;
    rusage usage{};
    const pid_t worker = wait4(-1, &status, WNOHANG, &usage);
    if (worker <= 0) return;
    const auto place = std::ranges::find(workers_, worker);
    if (place == workers_.end()) continue;
    *place = 0;
    const Ended ended{.slot = static_cast<std::uint32_t>(place - workers_.begin()),
                      .status = status,
                      .peak_rss_kib = static_cast<std::uint64_t>(usage.ru_maxrss)};
    write_frame(control, {reinterpret_cast<const char*>(&ended), sizeof(ended)});
  }
}

}  // namespace millrace::run
