#pragma once
// Starts a program and hands on to it the signals that are meant for it. What a terminal sends goes
// to the whole group, and has reached the program by itself. One thread; one at a time.

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

namespace pymemflow::cli {

// The standard streams of a program; -1: ours.
struct Streams {
  int in = -1;
  int out = -1;
  int error = -1;
};

class ForwardedSignals {
 public:
  // Catches them; whoever had one ignored keeps it so.
  ForwardedSignals();
  ~ForwardedSignals();
  ForwardedSignals(const ForwardedSignals&) = delete;
  ForwardedSignals& operator=(const ForwardedSignals&) = delete;

  // The program of the PATH, with the signals as they were before. 0, or an error number.
  int spawn(const std::vector<std::string>& words, char** environment, const Streams& streams,
            pid_t& child);

 private:
  sigset_t mask_before_{};
  sigset_t caught_{};
  struct sigaction before_[NSIG] = {};
};

}  // namespace pymemflow::cli
