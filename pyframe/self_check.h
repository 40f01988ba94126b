#pragma once
// Compares the frame that is read here with the interpreter's own answers, so that a wrong layout
// is noticed. Outside every allocator hook, on a thread that holds the GIL. Uses only functions of
// the public API that read, so the program's memory is the same with the check and without it.

#include "pyframe/frame.h"

namespace pymemflow::pyframe {

enum class Verdict : std::uint8_t {
  Undecided,  // no Python frame runs here
  Right,
  Wrong,
};

Verdict check_running_frame(const Interpreter& interpreter, ThisThread thread);

// The check at start-up, to be called repeatedly with the GIL held. The first calls compare, until
// enough comparisons were right; later calls cost a load. False: several comparisons in a row were
// wrong. Then the interpreter becomes Unknown, and the caller must forget what it remembers of its
// frames.
bool check_at_start(Interpreter& interpreter, ThisThread thread);

}  // namespace pymemflow::pyframe
