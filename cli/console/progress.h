#pragma once
// Shows the progress of a long task on the terminal at standard error: as a percentage, or as a bar
// with a text. The line is erased at the end. One thread.

#include <chrono>
#include <string>

namespace pymemflow::cli {

class Progress {
 public:
  // True if standard error is a terminal.
  static bool is_wanted();

  // `part`, from 0 to 1, of the work is done. Appears after the first second and is updated five
  // times per second.
  void show(double part);
  // A bar, at once: for tasks whose steps are long. The text must fit the line beside the bar.
  void show_bar(double part, const std::string& text);
  void end();

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point next_ = Clock::now() + std::chrono::seconds(1);
  bool is_shown_ = false;
};

}  // namespace pymemflow::cli
