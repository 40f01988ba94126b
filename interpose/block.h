#pragma once
// The capture file: a header page, then blocks of records. A block is written by one writer; the
// writers of a process are its threads, and a writer's blocks are numbered. The recorder makes such
// files, the reader trusts nothing in them.
//
// A writer fills its *window*, a block that stays mapped. A full window is appended to the file as
// a sealed copy and then used again, under the next number:
//   1. the copy is complete in the file        state of the window: Open
//   2. the window's state becomes Emptied      (its records are now in the copy alone)
//   3. its records are set to zero
//   4. number, stamp and thread of the next block, state Open
// So whatever a process was doing when it was killed, every record stands in an Open or a Sealed
// block, and one that stands in both does so under one number.

#include <cstddef>
#include <cstdint>

#include "interpose/record.h"

namespace pymemflow::interpose {

inline constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
inline constexpr std::size_t kFileAlignment = 4096;  // every block begins at a multiple of it
inline constexpr std::uint64_t kFileMagic = 0x31574f4c464d5950;   // "PYMFLOW1"
inline constexpr std::uint64_t kBlockMagic = 0x4b434f4c424d5950;  // "PYMBLOCK"
inline constexpr std::uint32_t kFormatVersion = 1;

struct FileHead {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t process;     // process id
  std::uint64_t started_ns;  // CLOCK_REALTIME
};
static_assert(sizeof(FileHead) <= kFileAlignment);

enum class BlockState : std::uint32_t { Reserved = 0, Open = 1, Emptied = 2, Sealed = 3 };

struct BlockHead {
  std::uint64_t magic;
  BlockState state;
  std::uint32_t used_bytes;  // of the records; Sealed only
  std::uint32_t writer;      // 1 and up
  std::uint32_t thread;      // the kernel's thread id of the writer where the block begins
  std::uint64_t number;      // 1 and up, of this writer's blocks
  std::uint64_t stamp;       // the writer's latest stamp where the block begins
  std::uint64_t opened_ns;   // CLOCK_MONOTONIC when the block was begun
  std::uint64_t lost;        // events that this writer could not record
  std::uint64_t checksum;    // of the records; Sealed only
};
static_assert(sizeof(BlockHead) == 64);

inline constexpr std::size_t kBlockWords = (kBlockBytes - sizeof(BlockHead)) / sizeof(Word);

inline Word* records_of(BlockHead* block) {
  return reinterpret_cast<Word*>(block + 1);
}
inline const Word* records_of(const BlockHead* block) {
  return reinterpret_cast<const Word*>(block + 1);
}

// Tells a block that was cut or changed from one that was not. Four independent sums, so that it
// runs at the speed of memory.
inline std::uint64_t checksum_of(const Word* words, std::size_t count) {
  constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
  std::uint64_t sums[4] = {1, 2, 3, 4};
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
#pragma GCC unroll 4  // else the sums are kept in memory, and each word waits for the one before
    for (std::size_t lane = 0; lane < 4; ++lane)
      sums[lane] = (sums[lane] ^ words[i + lane]) * kFactor;
  }
  for (; i < count; ++i) sums[0] = (sums[0] ^ words[i]) * kFactor;
  std::uint64_t sum = count;
  for (const std::uint64_t lane : sums) sum = (sum ^ lane ^ lane >> 29) * kFactor;
  return sum;
}

}  // namespace pymemflow::interpose
