#pragma once
// Compares what is read here with what the interpreter says itself of the frame that runs, so that
// a layout that does not fit is noticed rather than believed. Outside every allocator hook, on a
// thread that holds the GIL; uses only what of the public API reads and does nothing else, so the
// program's memory is the same with it and without.

#include "pyframe/frame.h"

namespace pymemflow::pyframe {

enum class Verdict : std::uint8_t {
  Undecided,  // no Python frame runs here
  Right,
  Wrong,
};

Verdict check_running_frame(const Interpreter& interpreter, ThisThread thread);

// The start-up check, for a place that is passed again and again with the GIL held: the first calls
// compare until enough comparisons were right (the rest cost a load), or until several in a row
// were wrong: then the interpreter is distrusted, and this is false. What was remembered of its
// frames is to be forgotten.
bool check_at_start(Interpreter& interpreter, ThisThread thread);

}  // namespace pymemflow::pyframe
