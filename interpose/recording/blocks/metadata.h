#pragma once
// What a capture says of its process (MetadataKind), written when the recording of the process
// begins.

#include <string_view>

#include "interpose/recording/blocks/destination.h"
#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

// Finds out what takes the loader's lock to find out. At the start of the first recording, outside
// of every hook.
void collect_metadata();

// Then known: the file that has the first malloc().
std::string_view first_allocator();

// Into the file of the recording, in so many blocks. What does not fit, or cannot be found out, is
// left out.
std::uint64_t write_metadata(Destination& destination, const pyframe::Interpreter& interpreter,
                             const CaptureSettings& settings);

}  // namespace pymemflow::interpose
