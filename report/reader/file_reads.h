#pragma once
// Reads parts of a capture file, and finds the parts of a sparse one that hold data. Any thread.

#include <cstddef>
#include <cstdint>

namespace pymemflow::report {

// False: the file is shorter, or cannot be read there.
bool read_at(int file, void* data, std::size_t bytes, std::uint64_t offset);

// The first page from `offset` on for which the file system has data; `end`, rounded up to a page,
// if there is none before. A sparse file may claim terabytes and take no space on disk. `offset` is
// that of a page, and the answer where a file system does not know its holes.
std::uint64_t end_of_hole(int file, std::uint64_t offset, std::uint64_t end);

}  // namespace pymemflow::report
