#include "report/base/memory.h"

#include <atomic>
#include <cstdlib>

#include "report/base/private_heap.h"

namespace pymemflow::report {
namespace {

constinit std::atomic<OutOfMemory> out_of_memory_hook = nullptr;

// Both are accessed with relaxed order: a hook is set before the report begins, and no other data
// depends on the count.
constinit std::atomic<std::size_t> allocated = 0;

}  // namespace

OutOfMemory set_out_of_memory(OutOfMemory hook) {
  return out_of_memory_hook.exchange(hook, std::memory_order_relaxed);
}

void give_up_for_memory() {
  const OutOfMemory hook = out_of_memory_hook.load(std::memory_order_relaxed);
  if (hook != nullptr) hook();
  std::abort();
}

void* allocate(std::size_t size_bytes) {
  const PrivateHeap* const heap = private_heap();
  void* const block = heap != nullptr ? heap->malloc(size_bytes) : std::malloc(size_bytes);
  if (block == nullptr && size_bytes != 0) give_up_for_memory();
  allocated.fetch_add(size_bytes, std::memory_order_relaxed);
  return block;
}

void release(void* block, std::size_t size_bytes) {
  const PrivateHeap* const heap = private_heap();
  allocated.fetch_sub(size_bytes, std::memory_order_relaxed);
  if (heap != nullptr) {
    heap->free(block);
  } else {
    std::free(block);
  }
}

std::size_t allocated_bytes() {
  return allocated.load(std::memory_order_relaxed);
}

bool has_private_heap() {
  return private_heap() != nullptr;
}

}  // namespace pymemflow::report
