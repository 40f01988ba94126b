#pragma once
// The memory that the control groups of this process allow it, of version 1 and 2. At start-up: the
// buffers need 6 KiB of stack.

#include <cstdint>
#include <string_view>

namespace pymemflow::platform {

inline constexpr std::uint64_t kNoMemoryLimit = std::uint64_t{1} << 62;

// The lowest limit of the group of memory and of the groups that contain it, in bytes. `root` is
// the folder in which /proc and the mounts lie: empty, except in tests.
std::uint64_t find_memory_limit(std::string_view root = {});

// The content of memory.max or memory.limit_in_bytes: a number, or "max".
std::uint64_t parse_memory_limit(std::string_view text);

}  // namespace pymemflow::platform
