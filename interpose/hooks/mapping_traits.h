#pragma once
// Translates the arguments of mmap() to the bits that captures have. Pure.

#include <sys/mman.h>

#include "capture/mapping.h"

namespace pymemflow::interpose {

constexpr unsigned mapping_traits(int protection, int flags) {
  unsigned traits = 0;
  if ((flags & MAP_ANON) == 0) traits |= kMapsFile;
  if ((flags & MAP_PRIVATE) == 0) traits |= kMapsShared;
  if (protection == PROT_NONE) traits |= kMapsInaccessible;
#ifdef MAP_STACK
  if ((flags & MAP_STACK) != 0) traits |= kMapsStack;
#endif
#ifdef MAP_GROWSDOWN
  if ((flags & MAP_GROWSDOWN) != 0) traits |= kMapsStack;
#endif
  return traits;
}

}  // namespace pymemflow::interpose
