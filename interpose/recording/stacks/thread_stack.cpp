#include "interpose/recording/stacks/thread_stack.h"

#include "platform/memory.h"

namespace pymemflow::interpose {

ThreadStack* make_thread_stack(unsigned max_stack) {
  constexpr std::size_t kAlignment = 64;
  const std::size_t head = (sizeof(ThreadStack) + kAlignment - 1) & ~(kAlignment - 1);
  const std::size_t frames = pyframe::FrameSnapshot::bytes_for(max_stack);
  const std::size_t bytes = head + frames + (std::size_t{max_stack} + 1) * sizeof(StackId);
  char* const memory = static_cast<char*>(platform::map_private(bytes));
  if (memory == nullptr) return nullptr;
  auto* const stack = reinterpret_cast<ThreadStack*>(memory);
  stack->frames.create(memory + head, max_stack);
  stack->nodes = reinterpret_cast<StackId*>(memory + head + frames);
  stack->bytes = bytes;
  return stack;
}

void unmap(ThreadStack* stack) {
  if (stack != nullptr) platform::unmap(stack, stack->bytes);
}

}  // namespace pymemflow::interpose
