#pragma once
// One write to a file, which may be cut short or interrupted: what a system provides for
// whole_writes.cpp, and for nobody else. Any thread, any place, as all of the platform layer.

#include <cstddef>
#include <cstdint>
#include <span>

namespace pymemflow::platform {

// How many bytes were written, or a negative error number.
long write_some(int file, const void* data, std::size_t bytes, std::uint64_t offset);
// The same for `front` and then `data`.
long write_some(int file, std::span<const char> front, const void* data, std::size_t bytes,
                std::uint64_t offset);

}  // namespace pymemflow::platform
