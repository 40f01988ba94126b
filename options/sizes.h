#pragma once
// Sizes as people write them: 4096, 4096B, 1.5MB, 32MiB, 64K. A unit's prefix alone is binary, as
// dd(1) has it. Pure; nothing is allocated.

#include <cstdint>
#include <string_view>

namespace pymemflow {

// False: not a size, or more than 64 bits hold.
bool parse_size(std::string_view text, std::uint64_t& bytes);

}  // namespace pymemflow
