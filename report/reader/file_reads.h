#pragma once
// Reads and writes parts of a capture file, and finds the parts of a sparse one that hold data. Any
// thread.

#include <cstddef>
#include <cstdint>

namespace pymemflow::report {

// The descriptors of a capture, and of the NAME.windows beside it (capture/block.h); -1: there is
// none. Borrowed.
struct CaptureFiles {
  // NOLINTNEXTLINE(google-explicit-constructor): most captures are one file
  CaptureFiles(int only_capture, int beside = -1) : capture(only_capture), windows(beside) {}
  // The file whose page 0 the recorded process maps, and the reporter writes to.
  int head_file() const { return windows >= 0 ? windows : capture; }

  int capture;
  int windows;
};

// False: the file is shorter, or cannot be read there.
bool read_at(int file, void* data, std::size_t bytes, std::uint64_t offset);

// False: errno says why it cannot be written.
bool write_at(int file, const void* data, std::size_t bytes, std::uint64_t offset);

// False: errno says why it has none.
bool find_size(int file, std::uint64_t& bytes);

// Whether the range has no byte but zeros, as far as the file reaches.
bool is_zero(int file, std::uint64_t offset, std::uint64_t end);

// The first page from `offset` on for which the file system has data; `end`, rounded up to a page,
// if there is none before. A sparse file may claim terabytes and take no space on disk. `offset` is
// that of a page, and the answer where a file system does not know its holes.
std::uint64_t end_of_hole(int file, std::uint64_t offset, std::uint64_t end);
// The same for what the two files have together.
std::uint64_t end_of_hole(const CaptureFiles& files, std::uint64_t offset, std::uint64_t end);

}  // namespace pymemflow::report
