#pragma once
// For programs that switch C stacks under the interpreter (greenlet, and so gevent), on 3.11
// and 3.12. There the thread state refers to the running frame by a structure on the C stack.
// greenlet copies another stack over it, frees the copy, and only then gives the thread state what
// belongs to that stack: in between, the structure may be anything. So what it refers to is looked
// at through the kernel, which says no where a load would be a fault, and believed only if it is a
// frame that runs a code object, at one of its instructions.

#include "pyframe/frame.h"

namespace pymemflow::pyframe {

// From now on frames are checked; other threads may be reading. Outside every hook.
void expect_switched_stacks(Interpreter& interpreter);

}  // namespace pymemflow::pyframe
