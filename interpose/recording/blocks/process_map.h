#pragma once
// Writes the map of the process to the capture (capture/process_map.h): at the end of the
// recording, when no thread records. Takes some milliseconds, and more in a large process.

#include <cstdint>

#include "interpose/recording/blocks/destination.h"

namespace pymemflow::interpose {

// Calls visit() with an address in the stack of each thread that has recorded; it may have ended.
using VisitThread = void (*)(std::uintptr_t address, void* context);
using VisitThreads = void (*)(VisitThread visit, void* context);

// `blocks`: the blocks of definitions that the process itself has written so far. Returns how many
// were added. A map that cannot be read, or does not fit the file, is left out, or replaced by the
// reason.
std::uint64_t write_process_map(Destination& destination, std::uint64_t blocks,
                                VisitThreads threads);

}  // namespace pymemflow::interpose
