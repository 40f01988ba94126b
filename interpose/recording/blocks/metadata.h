#pragma once
// Describes the process in its capture (MetadataKind), when the recording of the process begins.

#include <string_view>

#include "interpose/recording/blocks/destination.h"
#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

// Collects the metadata that needs the loader's lock. At the start of the first recording, outside
// every hook.
void collect_metadata();

// Returns the file that has the first malloc(). After collect_metadata().
std::string_view first_allocator();

// Writes the metadata to the capture file and returns the number of blocks that it takes. Values
// that do not fit or are not known are left out.
std::uint64_t write_metadata(Destination& destination, const pyframe::Interpreter& interpreter,
                             const CaptureSettings& settings);

}  // namespace pymemflow::interpose
