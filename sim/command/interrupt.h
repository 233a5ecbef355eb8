#pragma once

// SIGINT and SIGTERM: the first asks for an end with a summary, the second leaves at once.
//
// A signal handler can only reach a global, so there is one, in the .cc.

namespace millrace::command {

/// Catches both signals while it lives. One at a time.
class Interrupts {
 public:
  enum class First {
    kIsNoted,  ///< The first signal is noted; the caller asks requested() at least every 100 ms.
    kLeaves,   ///< The first signal already leaves: there is nothing to summarise.
  };

  explicit Interrupts(First first);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// Whether a signal has come.
  bool requested() const;
  /// 130 for SIGINT, 143 for SIGTERM. Only where requested().
  int status() const;
};

}  // namespace millrace::command
