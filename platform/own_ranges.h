#pragma once
// The memory that the library has mapped for itself, so that an account of the process can tell it
// from that of the program. May be called inside a hook: takes no lock and allocates nothing.

#include <cstddef>
#include <cstdint>

namespace pymemflow::platform {

// For the functions of platform/memory.h alone. A range that finds no room in the table is not
// known: there is room for 4,096.
void note_own_range(const void* start, std::size_t bytes);
void forget_own_range(const void* start);

// Calls visit() for each range, unordered. Nothing on macOS.
using VisitOwnRange = void (*)(std::uint64_t start, std::uint64_t bytes, void* context);
void visit_own_ranges(VisitOwnRange visit, void* context);

}  // namespace pymemflow::platform
