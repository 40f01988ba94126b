#pragma once
// Frames that C code made keep their line in the frame object, and their code object has no line
// table worth the name: those of Nuitka, whose frame objects have a type of their own, and those of
// PyFrame_New(). All instructions of such a code object look like its first one.
//
// For a thread that has read its position and does not find it among the known sites: a few loads.

#include "pyframe/frame.h"

namespace pymemflow::pyframe {

// If this is such a frame, sets `own_line`, and an instruction that is none of the code object's.
void take_own_line(const Interpreter& interpreter, Position& position);

}  // namespace pymemflow::pyframe
