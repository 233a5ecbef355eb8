#include "sim/run/pipe_io.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace millrace::run {
namespace {

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

bool write_frame(int file, std::string_view bytes) {
  const auto length = static_cast<std::uint32_t>(bytes.size());
  char header[sizeof(length)];
  std::memcpy(header, &length, sizeof(length));
  return write_all(file, {header, sizeof(header)}) && write_all(file, bytes);
}

bool FrameReader::fill() {
  while (true) {
    pollfd ready{.fd = file_, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 0) <= 0) return true;
    char chunk[16 << 10];
    const ssize_t got = read(file_, chunk, sizeof(chunk));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(got));
  }
}

std::optional<std::string> FrameReader::next() {
  std::uint32_t length = 0;
  if (buffer_.size() < sizeof(length)) return std::nullopt;
  std::memcpy(&length, buffer_.data(), sizeof(length));
  if (buffer_.size() < sizeof(length) + length) return std::nullopt;
  std::string frame = buffer_.substr(sizeof(length), length);
  buffer_.erase(0, sizeof(length) + length);
  return frame;
}

void OwnedFile::reset() {
  if (file_ >= 0) close(file_);
  file_ = -1;
}

}  // namespace millrace::run
