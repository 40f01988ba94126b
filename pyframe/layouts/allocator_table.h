#pragma once
// A table of functions of Python's allocators: PyMemAllocatorEx, which is the same in all versions.
// PyMem_GetAllocator() and PyMem_SetAllocator() copy it. They may be called before the interpreter
// is initialised; from 3.12 on they take a lock of the interpreter while they copy.

#include <cstddef>

namespace pymemflow::pyframe {

struct AllocatorTable {
  void* context;
  void* (*malloc)(void* context, std::size_t size);
  void* (*calloc)(void* context, std::size_t count, std::size_t size);
  void* (*realloc)(void* context, void* block, std::size_t size);
  void (*free)(void* context, void* block);

  bool operator==(const AllocatorTable&) const = default;
};

// Both null, or neither. The domain is that of PyMemAllocatorDomain: 0 raw, 1 mem, 2 obj.
struct AllocatorTables {
  void (*get)(int domain, AllocatorTable* table) = nullptr;
  void (*set)(int domain, const AllocatorTable* table) = nullptr;
};

}  // namespace pymemflow::pyframe
