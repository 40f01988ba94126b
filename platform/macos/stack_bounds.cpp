// The bounds of stacks, on macOS, where the C library keeps them for each thread.

#include "platform/stack_bounds.h"

#include <pthread.h>

namespace pymemflow::platform {

StackBounds find_stack_bounds(std::uintptr_t address) {
  const pthread_t self = ::pthread_self();
  const auto end = reinterpret_cast<std::uintptr_t>(::pthread_get_stackaddr_np(self));
  const StackBounds bounds = {end - ::pthread_get_stacksize_np(self), end, true};
  return bounds.holds(address) ? bounds : StackBounds{};
}

}  // namespace pymemflow::platform
