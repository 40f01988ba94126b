#pragma once
// How far a long piece of work is, in one line of the terminal at standard error that is taken away
// again. One thread.

#include <chrono>

namespace pymemflow::cli {

class Progress {
 public:
  // Somebody is looking.
  static bool is_wanted();

  // `part` of the work, from 0 to 1, is done. Shown after the first second, a few times a second.
  void show(double part);
  void end();

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point next_ = Clock::now() + std::chrono::seconds(1);
  bool is_shown_ = false;
};

}  // namespace pymemflow::cli
