// What Linux has on top of close() (descriptors.cpp): it closes many descriptors at once, but for
// the capture file.

#include <unistd.h>

#include <cerrno>
#include <climits>

#include "interpose/recording/recording.h"
#include "platform/here.h"
#include "platform/platform.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace {

struct Closers {
  int (*close_range)(unsigned, unsigned, int) = nullptr;
  void (*closefrom)(int) = nullptr;
  bool are_found = false;
};
constinit Closers found;

const Closers& originals() {
  if (!found.are_found) {
    found.close_range =
        reinterpret_cast<decltype(found.close_range)>(platform::find_original("close_range"));
    found.closefrom =
        reinterpret_cast<decltype(found.closefrom)>(platform::find_original("closefrom"));
    found.are_found = true;
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
  const int ours = recording.destination.file.descriptor();
  const bool is_inside =
      ours >= 0 && first <= static_cast<unsigned>(ours) && static_cast<unsigned>(ours) <= last;
  if (!is_inside) return close_range(first, last, flags);
  const auto kept = static_cast<unsigned>(ours);
  if (first < kept && close_range(first, kept - 1, flags) != 0) return -1;
  return kept < last ? close_range(kept + 1, last, flags) : 0;
}

}  // namespace

PMF_HOOK(int, close_range)(unsigned first, unsigned last, int flags) noexcept {
  return close_around(first, last, flags);
}

PMF_HOOK(void, closefrom)(int lowest) noexcept {
  const unsigned first = lowest < 0 ? 0 : static_cast<unsigned>(lowest);
  if (close_around(first, UINT_MAX, 0) != 0) originals().closefrom(lowest);
}
