#pragma once
// Reads frames in programs that switch C stacks under the interpreter (greenlet, and so gevent), on
// 3.11 and 3.12. There the thread state refers to the running frame by a structure on the C stack.
// greenlet copies another stack over it, frees the copy, and only then updates the thread state: in
// between, the structure may hold anything. So the frame is read through the kernel, which returns
// an error where a load would fault. The frame is used only if it runs a code object and is at one
// of its instructions.

#include "pyframe/frame.h"

namespace pymemflow::pyframe {

struct CheckedFrame {
  const void* back = nullptr;
  std::uint64_t instruction = 0;  // FrameLayout::frame_position
};

// Reads the frame at this address, or at which there is none. False: it cannot be used. If its
// instruction is `known`, it was used before and is not examined again.
bool read_checked_frame(const Interpreter& interpreter, const void* frame, std::uint64_t known,
                        CheckedFrame& read);

// Turns the checks on, while other threads may be reading. Outside every hook.
void expect_switched_stacks(Interpreter& interpreter);
bool expects_switched_stacks(const Interpreter& interpreter);

}  // namespace pymemflow::pyframe
