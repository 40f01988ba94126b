// The bounds of stacks, on Linux, by /proc/thread-self/maps. pthread_getattr_np() allocates, and
// takes a lock of the thread.

#include "platform/stack_bounds.h"

#include <fcntl.h>
#include <sys/auxv.h>

#include <cstddef>

#include "platform/linux/system_call.h"
#include "platform/threads.h"

namespace pymemflow::platform {
namespace {

// A signal's stack may be small.
constexpr std::size_t kBufferBytes = 512;

// Finds the line of the maps whose range holds an address. The lines are read byte by byte, so none
// is too long.
class Search {
 public:
  explicit Search(std::uintptr_t address) : address_(address) {}

  // True: the line was found, and ends at this byte.
  bool take(char c) {
    if (c == '\n') {
      if (bounds_.holds(address_) && is_readable_) return true;
      bounds_ = {};
      field_ = Field::Start;
      return false;
    }
    switch (field_) {
      case Field::Start:
        if (c == '-') {
          field_ = Field::End;
        } else {
          add_digit(bounds_.start, c);
        }
        break;
      case Field::End:
        if (c == ' ') {
          field_ = Field::Rights;
        } else {
          add_digit(bounds_.end, c);
        }
        break;
      case Field::Rights:
        is_readable_ = c == 'r';
        field_ = Field::Rest;
        break;
      case Field::Rest:
        break;
    }
    return false;
  }

  const StackBounds& bounds() const { return bounds_; }

 private:
  enum class Field : std::uint8_t { Start, End, Rights, Rest };

  static void add_digit(std::uintptr_t& number, char c) {
    const auto digit = static_cast<std::uintptr_t>(c >= 'a' ? c - 'a' + 10 : c - '0');
    number = number << 4 | (digit & 15);
  }

  std::uintptr_t address_;
  StackBounds bounds_;
  Field field_ = Field::Start;
  bool is_readable_ = false;
};

}  // namespace

StackBounds find_stack_bounds(std::uintptr_t address) {
  const long file =
      system_call(SYS_openat, AT_FDCWD, "/proc/thread-self/maps", O_RDONLY | O_CLOEXEC, 0);
  if (failed(file)) return {};
  Search search(address);
  bool is_found = false;
  char buffer[kBufferBytes] = {};
  while (!is_found) {
    const long got = system_call(SYS_read, file, buffer, sizeof buffer);
    if (got == -EINTR) continue;
    if (got <= 0) break;
    for (long i = 0; i < got && !is_found; ++i) is_found = search.take(buffer[i]);
  }
  system_call(SYS_close, file);
  if (!is_found) return {};
  StackBounds bounds = search.bounds();
  // The C library keeps its description of a thread above the thread's stack, in one mapping. That
  // may also hold other memory above.
  const std::uintptr_t self = thread_self();
  if (self > address && self < bounds.end) {
    bounds.end = self;
    bounds.is_own = true;
  }
  // The kernel leaves this at the bottom of the first thread's stack.
  if (bounds.holds(::getauxval(AT_RANDOM))) bounds.is_own = true;
  return bounds;
}

}  // namespace pymemflow::platform
