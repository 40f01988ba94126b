#pragma once
// One write to a file, which may be cut short or interrupted. Each system provides it for
// whole_writes.cpp alone. May be called inside a hook.

#include <cstddef>
#include <cstdint>
#include <span>

namespace pymemflow::platform {

// Returns the number of bytes written, or a negative error number.
long write_some(int file, const void* data, std::size_t bytes, std::uint64_t offset);
// Writes `front` and then `data`.
long write_some(int file, std::span<const char> front, const void* data, std::size_t bytes,
                std::uint64_t offset);

}  // namespace pymemflow::platform
