#pragma once
// The stacks for the work at the end of the process (ending.h): of the thread that ends it, and of
// the two processes that share its memory until the reporter runs (reporter_process.h). Mapped when
// the recording begins; their pages are taken when they are used.

#include <cstddef>

namespace pymemflow::interpose {

struct EndStacks {
  static constexpr std::size_t kGuardBytes = std::size_t{4} << 10;
  static constexpr std::size_t kHostBytes = std::size_t{92} << 10;
  static constexpr std::size_t kChildBytes = std::size_t{16} << 10;
  static constexpr std::size_t kAllBytes = kGuardBytes + kHostBytes + 2 * kChildBytes;

  // Null: there was no memory for them.
  char* host_top;
  char* intermediate_top;
  char* reporter_top;
};
extern constinit EndStacks end_stacks;

}  // namespace pymemflow::interpose
