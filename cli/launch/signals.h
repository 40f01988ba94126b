#pragma once
// Starts a program and forwards signals to it. Signals from a terminal are not forwarded: they go
// to the whole process group and have reached the program already. One thread; one program at a
// time.

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

namespace pymemflow::cli {

// Lets a write beyond the limit of file sizes fail with EFBIG, where SIGXFSZ would end the command
// without a message. A program that the command starts gets the action that the command was
// started with. Called once, by main().
void ignore_size_signal();

// The standard streams of a program; -1: it inherits ours.
struct Streams {
  int in = -1;
  int out = -1;
  int error = -1;
};

// The process group of a program. In one of its own it can be killed with all that it started; then
// the signals of a terminal do not reach it by themselves, and are forwarded.
enum class Group : bool { Ours, Own };

class ForwardedSignals {
 public:
  // Catches the signals. Those that were ignored stay ignored.
  ForwardedSignals();
  ~ForwardedSignals();
  ForwardedSignals(const ForwardedSignals&) = delete;
  ForwardedSignals& operator=(const ForwardedSignals&) = delete;

  // Starts a program of the PATH with the signals as they were before. Returns 0 or an error
  // number.
  int spawn(const std::vector<std::string>& words, char** environment, const Streams& streams,
            Group group, pid_t& child);

  // True if a signal that asks the command to end has arrived: SIGHUP, SIGINT, SIGQUIT or SIGTERM.
  bool has_interrupt() const;

 private:
  sigset_t mask_before_{};
  sigset_t caught_{};
  struct sigaction before_[NSIG] = {};
};

}  // namespace pymemflow::cli
