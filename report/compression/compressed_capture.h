#pragma once
// Compressed captures: a capture, whatever state it is in, as chunks of a few MiB, each compressed
// by itself and checked. docs/internals/capture-format.md is the reference. Trusts nothing in the
// files: what is lost of a chunk is damage in the capture that comes out, and nothing else is.
// Report side, one thread.

#include <cstdint>
#include <string_view>

#include "capture/block.h"

namespace pymemflow::report {

inline constexpr std::uint32_t kCompressedVersion = 1;

bool is_compressed(int file);

enum class CompressionError : std::uint8_t {
  None,
  NoLibrary,      // libzstd is not installed
  Unreadable,     // errno
  Unwritable,     // errno
  NotCompressed,  // not a compressed capture
  Newer,
  TooLarge,  // the capture would take more than half of the free space where it is written
};
// For people. Unreadable and Unwritable: the reason in errno, which no call may have changed.
std::string_view describe(CompressionError error);

// Writes the capture in `from` to `to`, an empty file, in compressed form.
CompressionError compress(int from, int to);

// Writes the capture that is in `from` in compressed form to `to`, an empty file. `lost`: stretches
// of the capture that cannot be restored. Each begins with a page of 0xff.
CompressionError decompress(int from, int to, std::uint64_t& lost);

}  // namespace pymemflow::report
