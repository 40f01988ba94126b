#pragma once
// A heap for the report side that is not the host's. Made at its first use, for the life of the
// process; any thread.

#include <cstddef>

namespace pymemflow::report {

struct PrivateHeap {
  void* (*malloc)(std::size_t size_bytes);
  void (*free)(void* block);
};

// Null: there is none, and the host's heap is used.
const PrivateHeap* private_heap();

// Before the first use: the C library's heap serves on Linux, because there is little to report. To
// open mimalloc takes half a millisecond of processor time.
void expect_little();

// In a forked child, whose parent may have been in the middle of a call: begins with an empty heap.
void forget_private_heap();

}  // namespace pymemflow::report
