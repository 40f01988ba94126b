#include "report/dtrace/compat.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kEveryAlignment = 16;

Event renamed(Event event, Function function, std::uint64_t argument) {
  event.function = function;
  event.arguments[0] = argument;
  event.arguments[1] = event.arguments[2] = 0;
  if (function == Function::free) event.result = 0;
  return event;
}

}  // namespace

Event as_probed_in_glibc(const Event& event) {
  const std::uint64_t first = event.arguments[0];
  switch (event.function) {
    case Function::realloc:
    case Function::reallocarray:
      if (first == 0) {
        const bool is_array = event.function == Function::reallocarray;
        return renamed(event, Function::malloc,
                       is_array ? event.arguments[1] * event.arguments[2] : event.arguments[1]);
      }
      if (event.result == 0 && event.size_bytes() == 0)
        return renamed(event, Function::free, first);
      break;
    case Function::posix_memalign:
    case Function::aligned_alloc:
    case Function::memalign:
      if (first <= kEveryAlignment) return renamed(event, Function::malloc, event.arguments[1]);
      break;
    case Function::free_sized:
    case Function::free_aligned_sized:
      return renamed(event, Function::free, first);
    default:
      break;
  }
  return event;
}

}  // namespace pymemflow::report
