#include "platform/own_ranges.h"

#include <atomic>

namespace pymemflow::platform {
namespace {

struct OwnRange {
  std::atomic<const void*> start;  // null: the entry is free
  std::atomic<std::size_t> bytes;  // 0: the range is being noted
};
constexpr std::size_t kRanges = 4096;
constinit OwnRange ranges[kRanges] = {};
// Entries from here on were never used.
constinit std::atomic<std::size_t> used{0};

bool take(OwnRange& range, const void* start, std::size_t bytes) {
  const void* expected = nullptr;
  if (!range.start.compare_exchange_strong(expected, start, std::memory_order_relaxed)) {
    return false;
  }
  range.bytes.store(bytes, std::memory_order_release);
  return true;
}

std::size_t end_of_used() {
  const std::size_t count = used.load(std::memory_order_relaxed);
  return count < kRanges ? count : kRanges;
}

}  // namespace

void note_own_range(const void* start, std::size_t bytes) {
  for (std::size_t i = end_of_used(); i-- > 0;) {
    if (ranges[i].start.load(std::memory_order_relaxed) == nullptr && take(ranges[i], start, bytes))
      return;
  }
  for (;;) {
    const std::size_t next = used.load(std::memory_order_relaxed);
    if (next >= kRanges) return;
    std::size_t expected = next;
    const bool is_mine = used.compare_exchange_strong(expected, next + 1);
    if (is_mine && take(ranges[next], start, bytes)) return;
  }
}

void forget_own_range(const void* start) {
  for (std::size_t i = end_of_used(); i-- > 0;) {
    if (ranges[i].start.load(std::memory_order_relaxed) != start) continue;
    ranges[i].bytes.store(0, std::memory_order_relaxed);
    ranges[i].start.store(nullptr, std::memory_order_release);
    return;
  }
}

void visit_own_ranges(VisitOwnRange visit, void* context) {
  for (std::size_t i = 0; i < end_of_used(); ++i) {
    const std::size_t bytes = ranges[i].bytes.load(std::memory_order_acquire);
    const void* const start = ranges[i].start.load(std::memory_order_relaxed);
    if (bytes != 0 && start != nullptr)
      visit(reinterpret_cast<std::uintptr_t>(start), bytes, context);
  }
}

}  // namespace pymemflow::platform
