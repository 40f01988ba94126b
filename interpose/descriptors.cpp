// Programs that close every descriptor they do not know (daemons, subprocess's close_fds) must not
// close the capture file: to them its number is one that is not open. Whoever gets past these
// hooks, by a system call of its own or with dup2(), ends the recording (CaptureFile), never
// anything else.

#include <unistd.h>

#include <cerrno>
#include <climits>

#include "interpose/platform/platform.h"
#include "interpose/recording.h"

using namespace pymemflow::interpose;

#define PMF_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

struct Closers {
  int (*close)(int) = nullptr;
  int (*close_range)(unsigned, unsigned, int) = nullptr;
  void (*closefrom)(int) = nullptr;
};
constinit Closers found;

const Closers& originals() {
  if (found.close == nullptr) {
    found.close_range =
        reinterpret_cast<decltype(found.close_range)>(platform::find_original("close_range"));
    found.closefrom =
        reinterpret_cast<decltype(found.closefrom)>(platform::find_original("closefrom"));
    found.close = reinterpret_cast<decltype(found.close)>(platform::find_original("close"));
  }
  return found;
}

// Closes [first, last] but for the capture file.
int close_around(unsigned first, unsigned last, int flags) {
  const auto& close_range = originals().close_range;
  if (close_range == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  const int ours = recording.file.descriptor();
  const bool is_inside =
      ours >= 0 && first <= static_cast<unsigned>(ours) && static_cast<unsigned>(ours) <= last;
  if (!is_inside) return close_range(first, last, flags);
  const auto kept = static_cast<unsigned>(ours);
  if (first < kept && close_range(first, kept - 1, flags) != 0) return -1;
  return kept < last ? close_range(kept + 1, last, flags) : 0;
}

}  // namespace

PMF_EXPORT int close(int descriptor) {
  if (descriptor >= 0 && descriptor == recording.file.descriptor()) {
    errno = EBADF;
    return -1;
  }
  return originals().close(descriptor);
}

PMF_EXPORT int close_range(unsigned first, unsigned last, int flags) noexcept {
  return close_around(first, last, flags);
}

PMF_EXPORT void closefrom(int lowest) noexcept {
  const unsigned first = lowest < 0 ? 0 : static_cast<unsigned>(lowest);
  if (close_around(first, UINT_MAX, 0) != 0) originals().closefrom(lowest);
}
