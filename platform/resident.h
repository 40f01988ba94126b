#pragma once
// The memory of this process as the kernel and the C library know it: the resident set and the
// state of the heaps.

#include <cstddef>
#include <cstdint>

#include "platform/files.h"

namespace pymemflow::platform {

// Reads the resident set of this process. Constant initialised. May be used inside a hook: takes no
// lock, allocates nothing and keeps errno.
class ResidentSet {
 public:
  // Opens what bytes() reads; in a forked child the parent's is replaced. Without a descriptor
  // beyond those of the program, and where the system cannot be asked, bytes() returns 0.
  void open();
  // One system call: a reading of an open file. 0: unknown. Linux counts the pages of each thread
  // and processor for itself first, so the number may lag behind by some hundred pages.
  std::uint64_t bytes();

  // -1: it needs none.
  int descriptor() const { return file_; }
  // Whether the descriptor is still the file that was opened.
  bool is_open() const;

 private:
  int file_ = -1;
  [[maybe_unused]] FileIdentity identity_{};  // Linux
};

// The heaps of the C library's malloc(): what it has from the kernel, without blocks that have
// mappings of their own, and how much of that is free. 0: unknown.
struct HeapState {
  std::uint64_t bytes = 0;
  std::uint64_t free_bytes = 0;
};
// Looks the function up that heap_state() calls. When the recording starts.
void find_heap_state();
// Takes the locks of the heaps, one after the other, and visits each free chunk. So not inside an
// allocator or a signal handler.
HeapState heap_state();

}  // namespace pymemflow::platform
