#include "cli/console/progress.h"

#include <unistd.h>

#include <cstdio>

namespace pymemflow::cli {

bool Progress::is_wanted() {
  return ::isatty(STDERR_FILENO) != 0;
}

void Progress::show(double part) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(200);
  is_shown_ = true;
  std::fprintf(stderr, "\rpymemflow: %3.0f %%", 100 * part);
  std::fflush(stderr);
}

void Progress::end() {
  if (!is_shown_) return;
  std::fputs("\r\033[K", stderr);
  is_shown_ = false;
}

}  // namespace pymemflow::cli
