#pragma once
// Reads heads and blocks of a capture that another thread or process may be writing meanwhile. Any
// thread.

#include <cstdint>
#include <cstring>

#include "capture/block.h"
#include "report/base/memory.h"
#include "report/reader/file_reads.h"

namespace pymemflow::report {

struct IndexedBlock {
  BlockHead head{};
  std::uint64_t offset = 0;         // of the head in the file
  bool is_in_windows_file = false;  // the block is in NAME.windows

  // A window: its records end at the first zero word, and it has no checksum.
  bool is_window() const { return head.state == BlockState::Open; }
  std::size_t used_bytes() const;
};

// Enough readings for two that agree: a head is written in less time than it takes to read it.
inline constexpr int kMaxHeadReads = 16;

// Reads until two readings agree.
template <typename Head>
bool read_stable(int file, Head& head, std::uint64_t offset) {
  if (!read_at(file, &head, sizeof head, offset)) return false;
  for (int i = 0; i < kMaxHeadReads; ++i) {
    Head again;
    if (!read_at(file, &again, sizeof again, offset)) return false;
    if (std::memcmp(&head, &again, sizeof head) == 0) break;
    head = again;
  }
  return true;
}

// Reads a head that may be written meanwhile, as it was at one moment. If NAME.windows has a block
// at the offset, it is that one. The block is zeros where neither file has one.
bool read_block_head(const CaptureFiles& files, std::uint64_t offset, IndexedBlock& block);

enum class BlockRead : std::uint8_t {
  Whole,
  Changed,  // the block was used again, or its state changed, since it was indexed
  Damaged,
};
// Reads the records of a block: of a window as far as they have been written.
BlockRead read_block(const CaptureFiles& files, const IndexedBlock& block, Vector<Word>& words);

// Whether a block with this head can be in a capture.
bool is_sane(const BlockHead& head);
// Whether a writer is about to make this block, or was killed before it could.
bool is_being_made(const BlockHead& head);

}  // namespace pymemflow::report
