#pragma once
// Reads sizes as people write them: 4096, 4096B, 1.5MB, 32MiB, 64K. A prefix without a unit is
// binary, as in dd(1). A fraction needs a unit. Pure; allocates nothing.

#include <cstdint>
#include <string_view>

namespace pymemflow {

// False: the text is not a size; or the size needs more than 64 bits, or is less than a byte and
// not 0.
bool parse_size(std::string_view text, std::uint64_t& bytes);

}  // namespace pymemflow
