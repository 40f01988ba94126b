#pragma once
// The heap of answers that a traced program asks for about its own memory: pages from the kernel,
// in powers of two. It calls no other allocator. One thread at a time: the caller makes sure of
// that. Blocks of a process whose fork() came in the middle of a call are left where they are:
// forget_page_heap() in the child.

#include <cstddef>

namespace pymemflow::report {

// Null: there is no memory. Aligned for every fundamental type.
void* allocate_pages(std::size_t size_bytes);
void release_pages(void* block);
// Starts with an empty heap, and leaves the old blocks alone.
void forget_page_heap();

}  // namespace pymemflow::report
