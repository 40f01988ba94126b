#pragma once
// Memory that the interpreter asks for only because it is probed. It comes from here instead of
// from the C library, so that neither our record nor a DTrace beside us shows what would not be
// there without probes, and is recognised for ever by its address. Any thread; nothing here waits:
// a block that comes back while another thread is at the lists of free blocks is given up.

#include <cstddef>

namespace pymemflow::interpose::probe_arena {

// At start-up. False: there is no memory, and nothing is owned.
bool create();

bool owns(const void* block);
// Null: the arena is full.
void* allocate(std::size_t bytes);
void release(void* block);
std::size_t usable_size(const void* block);

}  // namespace pymemflow::interpose::probe_arena
