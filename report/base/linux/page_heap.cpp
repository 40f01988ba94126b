#include "report/base/linux/page_heap.h"

#include <sys/mman.h>

#include <bit>
#include <cstdint>

namespace pymemflow::report {
namespace {

constexpr std::size_t kSmallest = 32;
// Larger blocks are mappings of their own.
constexpr std::size_t kLargestInChunks = std::size_t{64} << 10;
constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

// Precedes each block.
struct alignas(16) Header {
  std::size_t bytes;  // with the header: a power of two, or the size of the mapping
  Header* next;       // the next free block of that size
};
static_assert(sizeof(Header) == 16);

struct Heap {
  Header* free_blocks[64];  // one list per exponent of the size
  char* chunk;
  std::size_t chunk_left;
};
constinit Heap heap = {};

void* map(std::size_t bytes) {
  void* const pages =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? nullptr : pages;
}

Header* take_from_chunk(std::size_t bytes) {
  if (heap.chunk_left < bytes) {
    auto* const chunk = static_cast<char*>(map(kChunkBytes));
    if (chunk == nullptr) return nullptr;
    heap.chunk = chunk;
    heap.chunk_left = kChunkBytes;
  }
  auto* const block = reinterpret_cast<Header*>(heap.chunk);
  heap.chunk += bytes;
  heap.chunk_left -= bytes;
  return block;
}

}  // namespace

void* allocate_pages(std::size_t size_bytes) {
  if (size_bytes > SIZE_MAX / 2) return nullptr;
  std::size_t bytes = size_bytes + sizeof(Header);
  Header* block = nullptr;
  if (bytes > kLargestInChunks) {
    block = static_cast<Header*>(map(bytes));
  } else {
    bytes = std::bit_ceil(bytes < kSmallest ? kSmallest : bytes);
    Header*& list = heap.free_blocks[std::countr_zero(bytes)];
    block = list;
    if (block != nullptr) {
      list = block->next;
    } else {
      block = take_from_chunk(bytes);
    }
  }
  if (block == nullptr) return nullptr;
  block->bytes = bytes;
  return block + 1;
}

void release_pages(void* pointer) {
  if (pointer == nullptr) return;
  Header* const block = static_cast<Header*>(pointer) - 1;
  if (block->bytes > kLargestInChunks) {
    ::munmap(block, block->bytes);
    return;
  }
  Header*& list = heap.free_blocks[std::countr_zero(block->bytes)];
  block->next = list;
  list = block;
}

void forget_page_heap() {
  heap = {};
}

}  // namespace pymemflow::report
