#pragma once
// The names of threads in the record. On the thread that has the name, inside a hook, when it
// begins to record and when its block is full: then a name that another thread gave it is found.

#include <cstdint>

#include "interpose/recording/blocks/definition_stream.h"

namespace pymemflow::interpose {

// Defines the name of the calling thread, unless `defined`, which the caller keeps for it, says
// that it has been. Costs one system call. False: nothing more can be recorded.
bool define_own_name(DefinitionStream& stream, std::uint32_t thread, std::uint64_t stamp,
                     std::uint64_t& defined);

}  // namespace pymemflow::interpose
