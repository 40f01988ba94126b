#include "interpose/recording/stacks/thread_stack.h"

#include "platform/memory.h"

namespace pymemflow::interpose {

ThreadStack* make_thread_stack(unsigned max_stack, bool has_native_frames) {
  constexpr std::size_t kAlignment = 64;
  const std::size_t head = (sizeof(ThreadStack) + kAlignment - 1) & ~(kAlignment - 1);
  const std::size_t frames = pyframe::FrameSnapshot::bytes_for(max_stack);
  const std::size_t native = has_native_frames ? NativeFrames::bytes_for(max_stack) : 0;
  const std::size_t bytes = head + native + frames + (std::size_t{max_stack} + 1) * sizeof(StackId);
  char* const memory = static_cast<char*>(platform::map_private(bytes));
  if (memory == nullptr) return nullptr;
  auto* const stack = reinterpret_cast<ThreadStack*>(memory);
  if (has_native_frames) stack->native.create(memory + head, max_stack);
  stack->frames.create(memory + head + native, max_stack);
  stack->nodes = reinterpret_cast<StackId*>(memory + head + native + frames);
  stack->bytes = bytes;
  return stack;
}

void unmap(ThreadStack* stack) {
  if (stack != nullptr) platform::unmap(stack, stack->bytes);
}

}  // namespace pymemflow::interpose
