#pragma once
// Pages of memory. May be called inside a hook: takes no lock, allocates nothing from the heap and
// keeps errno.

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pymemflow::platform {

// The size of a page. The system is asked once, or by two threads at the same time.
inline std::size_t page_bytes() {
  static constinit std::atomic<std::size_t> known = 0;
  if (known.load(std::memory_order_relaxed) == 0) {
    known.store(static_cast<std::size_t>(::getpagesize()), std::memory_order_relaxed);
  }
  return known.load(std::memory_order_relaxed);
}
// Zero pages, private to this process. Null on failure. With `place`, they replace what is mapped
// at that address, in one step.
void* map_private(std::size_t bytes, void* place = nullptr);
// The same, but a forked child finds them filled with zeros again.
void* map_zero_in_child(std::size_t bytes);
// `bytes` of the file from `offset` on, shared. Null on failure. With `place`, the mapping replaces
// the one at that address, in one step.
void* map_file(int file, std::uint64_t offset, std::size_t bytes, void* place = nullptr);
// Fills private pages with zeros, and gives their memory back where the system can.
void empty_private(void* start, std::size_t bytes);
void unmap(void* start, std::size_t bytes);
// Copies memory of this process that may be unmapped. False: it is, or copy_method() is None.
bool copy_memory(void* to, std::uint64_t from, std::size_t bytes);

// The way in which copy_memory() works on this system.
enum class CopyMethod : std::uint8_t {
  None,  // the kernel refuses to copy memory
  Slow,  // through a file
  Fast,
};
CopyMethod copy_method();
// Whether the kernel itself fills pages with zeros in every forked child. Else a fork handler does,
// and the child of a raw clone() keeps its parent's.
bool has_zero_in_child();

}  // namespace pymemflow::platform
