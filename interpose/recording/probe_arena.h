#pragma once
// Memory that the interpreter requests only because it is probed. It does not come from the C
// library, so that neither the capture nor a DTrace that runs at the same time shows allocations
// that would not happen without probes. A block is recognized by its address. Any thread. No
// function waits: a block that is released while another thread uses the lists of free blocks is
// lost.

#include <cstddef>

namespace pymemflow::interpose::probe_arena {

// At start-up. False: there is no memory, and the arena stays empty.
bool create();

bool owns(const void* block);
// Null if the arena is full.
void* allocate(std::size_t bytes);
void release(void* block);
std::size_t usable_size(const void* block);

}  // namespace pymemflow::interpose::probe_arena
