#pragma once
// What a capture says of its process (FactKind), written when the recording of the process begins.

#include "interpose/capture_file.h"
#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

// Into the file of the recording, in so many blocks. What does not fit, or cannot be found out, is
// left out.
std::uint64_t write_facts(const pyframe::Interpreter& interpreter, const CaptureSettings& settings);

}  // namespace pymemflow::interpose
