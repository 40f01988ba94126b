#include <unistd.h>

#include <atomic>

#include "platform/memory.h"

namespace pymemflow::platform {

// Two threads may ask at the same time.
std::size_t page_bytes() {
  static constinit std::atomic<std::size_t> known = 0;
  std::size_t bytes = known.load(std::memory_order_relaxed);
  if (bytes == 0) {
    bytes = static_cast<std::size_t>(::getpagesize());
    known.store(bytes, std::memory_order_relaxed);
  }
  return bytes;
}

}  // namespace pymemflow::platform
