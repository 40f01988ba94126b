#include "cli/console/progress.h"

#include <unistd.h>

#include <algorithm>
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

void Progress::show_bar(double part, const std::string& text) {
  constexpr double kWidth = 24;
  const auto done = static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * kWidth);
  std::string bar(done, '#');
  bar.resize(static_cast<std::size_t>(kWidth), '.');
  is_shown_ = true;
  std::fprintf(stderr, "\r\033[Kpymemflow: [%s] %3.0f %% %s", bar.c_str(), 100 * part,
               text.c_str());
  std::fflush(stderr);
}

void Progress::end() {
  if (!is_shown_) return;
  std::fputs("\r\033[K", stderr);
  is_shown_ = false;
}

}  // namespace pymemflow::cli
