#pragma once
// A heap for the report side that is not the host's. Made at its first use, for the life of the
// process; any thread.

#include <cstddef>
#include <cstdint>

namespace pymemflow::report {

struct PrivateHeap {
  void* (*malloc)(std::size_t size_bytes);
  void (*free)(void* block);
};

// Null: there is none, and the host's heap is used.
const PrivateHeap* private_heap();

// Before the first use: the size of a record that will be read. Of several, the largest counts. On
// Linux the C library's heap serves for little, since to open mimalloc takes half a millisecond of
// processor time. For much, mimalloc takes memory by large pages: random access to it waits less
// for page tables. A summary of 50 million events with 20 million blocks live took 15 % less
// processor time by that, and 20 % more memory.
void expect_record(std::uint64_t size_bytes);

// In a forked child, whose parent may have been in the middle of a call: begins with an empty heap.
void forget_private_heap();

}  // namespace pymemflow::report
