#pragma once
// What a capture file is made of: its head, and its blocks by kind, writer and number, found by
// reading the heads of the blocks alone. One thread.

#include <cstdint>
#include <span>
#include <string_view>

#include "capture/block.h"
#include "report/base/memory.h"

namespace pymemflow::report {

struct IndexedBlock {
  BlockHead head{};
  std::uint64_t offset = 0;  // of the head in the file

  // Its records end at the first zero word, and there is no checksum.
  bool is_window() const { return head.state == BlockState::Open; }
  std::size_t used_bytes() const;
};

struct CaptureIndex {
  FileHead head{};
  Vector<IndexedBlock> blocks;  // by kind, writer and number; each number once
  // By writer, in the mode Sums: windows up to this number have been folded.
  HashMap<std::uint32_t, std::uint64_t> folded;
  std::uint64_t size_bytes = 0;  // of the file
  std::uint64_t lost = 0;
  std::uint64_t damaged = 0;

  std::span<const IndexedBlock> of_kind(BlockKind kind) const;
};

// Why a file cannot be reported on.
enum class CaptureError : std::uint8_t { None, Unreadable, NotACapture, Older, Newer };
std::string_view describe(CaptureError error);

CaptureError read_index(int file, CaptureIndex& index);

// The records of a block. False: they are not what they were.
bool read_block(int file, const IndexedBlock& place, Vector<Word>& words);

}  // namespace pymemflow::report
