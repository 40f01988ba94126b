// The functions of Linux that close several descriptors at once. See descriptors.cpp.

#include <unistd.h>

#include <cerrno>
#include <climits>

#include "interpose/originals/originals.h"
#include "interpose/recording/recording.h"
#include "platform/here.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace {

// Closes the descriptors from `first` to `last`, except the one of the capture file.
int close_around(unsigned first, unsigned last, int flags) {
  if (!real.close_range) {
    errno = ENOSYS;
    return -1;
  }
  const int ours = recording.destination.file.descriptor();
  const bool is_inside =
      ours >= 0 && first <= static_cast<unsigned>(ours) && static_cast<unsigned>(ours) <= last;
  if (!is_inside) return real.close_range(first, last, flags);
  const auto kept = static_cast<unsigned>(ours);
  if (first < kept && real.close_range(first, kept - 1, flags) != 0) return -1;
  return kept < last ? real.close_range(kept + 1, last, flags) : 0;
}

}  // namespace

PMF_HOOK(int, close_range)(unsigned first, unsigned last, int flags) noexcept {
  return close_around(first, last, flags);
}

PMF_HOOK(void, closefrom)(int lowest) noexcept {
  const unsigned first = lowest < 0 ? 0 : static_cast<unsigned>(lowest);
  if (close_around(first, UINT_MAX, 0) != 0) real.closefrom(lowest);
}
