// The resident set, on macOS: the kernel is asked without a descriptor. Its allocators have zones
// instead of heaps.

#include "platform/resident.h"

#include <mach/mach.h>

namespace pymemflow::platform {

void ResidentSet::open() {}

bool ResidentSet::is_open() const {
  return false;
}

std::uint64_t ResidentSet::bytes() {
  mach_task_basic_info facts{};
  mach_msg_type_number_t words = MACH_TASK_BASIC_INFO_COUNT;
  const kern_return_t outcome = ::task_info(::mach_task_self(), MACH_TASK_BASIC_INFO,
                                            reinterpret_cast<task_info_t>(&facts), &words);
  return outcome == KERN_SUCCESS ? facts.resident_size : 0;
}

void find_heap_state() {}

HeapState heap_state() {
  return {};
}

}  // namespace pymemflow::platform
