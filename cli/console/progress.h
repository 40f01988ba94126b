#pragma once
// Shows the progress of a long task as a percentage on the terminal at standard error. The line is
// erased at the end. One thread.

#include <chrono>

namespace pymemflow::cli {

class Progress {
 public:
  // True if standard error is a terminal.
  static bool is_wanted();

  // `part`, from 0 to 1, of the work is done. Appears after the first second and is updated five
  // times per second.
  void show(double part);
  void end();

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point next_ = Clock::now() + std::chrono::seconds(1);
  bool is_shown_ = false;
};

}  // namespace pymemflow::cli
