// The functions of Linux that close several descriptors at once. See descriptors.cpp.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <iterator>

#include "interpose/originals/originals.h"
#include "interpose/recording/recording.h"
#include "platform/here.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace {

// Closes the descriptors from `first` to `last`, except those of the capture's files.
int close_around(unsigned first, unsigned last, int flags) {
  if (!real.close_range) {
    errno = ENOSYS;
    return -1;
  }
  const CaptureFile& file = recording.destination.file;
  int all[] = {file.descriptor(), file.mapped_descriptor(), recording.resident.descriptor()};
  std::sort(std::begin(all), std::end(all));
  for (const int ours : all) {
    const auto kept = static_cast<unsigned>(ours);
    if (kept < first || kept > last || !is_own_descriptor(ours)) continue;
    if (first < kept && real.close_range(first, kept - 1, flags) != 0) return -1;
    if (kept == last) return 0;
    first = kept + 1;
  }
  return real.close_range(first, last, flags);
}

}  // namespace

PMF_HOOK(int, close_range)(unsigned first, unsigned last, int flags) noexcept {
  return close_around(first, last, flags);
}

PMF_HOOK(void, closefrom)(int lowest) noexcept {
  const unsigned first = lowest < 0 ? 0 : static_cast<unsigned>(lowest);
  if (close_around(first, UINT_MAX, 0) != 0) real.closefrom(lowest);
}
