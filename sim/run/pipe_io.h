#pragma once

// Frames over pipes and sockets between the parent, its zygote and the workers: a length and bytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::run {

/// Writes a frame whole, blocking. False when nobody reads any more.
bool write_frame(int file, std::string_view bytes);

/// Collects what arrives and cuts it into frames.
class FrameReader {
 public:
  explicit FrameReader(int file) : file_(file) {}

  int file() const { return file_; }

  /// Reads what is there without waiting; false at the end of the stream.
  bool fill();
  /// The next whole frame.
  std::optional<std::string> next();
  /// Forgets what is there: the writer died within a frame.
  void clear() { buffer_.clear(); }

 private:
  int file_;
  std::string buffer_;
};

/// A file descriptor that closes itself.
class OwnedFile {
 public:
  OwnedFile() = default;
  explicit OwnedFile(int file) : file_(file) {}
  ~OwnedFile() { reset(); }
  OwnedFile(OwnedFile&& other) noexcept : file_(other.release()) {}
  OwnedFile& operator=(OwnedFile&& other) noexcept {
    reset();
    file_ = other.release();
    return *this;
  }
  OwnedFile(const OwnedFile&) = delete;
  OwnedFile& operator=(const OwnedFile&) = delete;

  int get() const { return file_; }
  int release() {
    const int file = file_;
    file_ = -1;
    return file;
  }
  void reset();

 private:
  int file_ = -1;
};

}  // namespace millrace::run
