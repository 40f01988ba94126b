#pragma once
// The code of one function: the part that has its name, and the parts that the compiler has moved
// elsewhere (`.cold`). They are told by the function's own jumps, so no symbol is needed.

#include <cstddef>
#include <cstdint>
#include <span>

#include "interpose/unwind/stops.h"

namespace pymemflow::interpose {

// Writes the parts of the function that begins at this address, the first part first. Returns their
// number; 0: it has no unwind data, or the system has none. Not inside a hook.
std::size_t find_function_parts(std::uintptr_t function, std::span<CodeRange> parts);

}  // namespace pymemflow::interpose
