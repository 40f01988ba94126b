#include "interpose/unwind/stops.h"

#include <algorithm>
#include <atomic>

#include "interpose/unwind/rules.h"
#include "platform/memory.h"

namespace pymemflow::interpose {
namespace {

// Sorted by their starts. Never changed after it is published, and never unmapped: a walk may be
// reading it.
struct MarkedCode {
  std::size_t count;
  CodeRange ranges[1];
};

constinit std::atomic<const MarkedCode*> marked{nullptr};

}  // namespace

bool mark_code(std::span<const CodeRange> ranges) {
  void* const memory =
      platform::map_private(sizeof(MarkedCode) + ranges.size() * sizeof(CodeRange));
  if (memory == nullptr) return false;
  auto* const code = static_cast<MarkedCode*>(memory);
  code->count = ranges.size();
  std::copy(ranges.begin(), ranges.end(), code->ranges);
  std::sort(code->ranges, code->ranges + code->count,
            [](const CodeRange& a, const CodeRange& b) { return a.start < b.start; });
  marked.store(code, std::memory_order_release);
  forget_rules({0, ~std::uintptr_t{0}});  // they hold the old marks
  return true;
}

bool is_marked(std::uintptr_t pc) {
  const MarkedCode* const code = marked.load(std::memory_order_acquire);
  if (code == nullptr) return false;
  const CodeRange* const end = code->ranges + code->count;
  const CodeRange* const next = std::upper_bound(
      code->ranges, end, pc - 1,
      [](std::uintptr_t address, const CodeRange& range) { return address < range.start; });
  return next != code->ranges && pc - 1 < next[-1].end;
}

}  // namespace pymemflow::interpose
