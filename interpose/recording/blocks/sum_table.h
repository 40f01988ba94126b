#pragma once
// The sums of one thread (capture/sums.h): adds full windows to cells in blocks of the capture.
// Belongs to the writer's thread. Its initial state is all zeros.

#include <cstddef>
#include <cstdint>
#include <span>

#include "capture/sums.h"
#include "interpose/recording/blocks/writer_blocks.h"

namespace pymemflow::interpose {

class SumTable : public WriterBlocks {
 public:
  // Adds the records of a window. `used`, in a capture of stacks, has room for the table of a block
  // (UsedStack, UsedSite). False: the file cannot grow; the window stays valid then.
  // `sizes` is empty, and of no use to the caller afterwards: the stack may be too small for it.
  bool fold(std::uint64_t number, std::span<const Word> records, std::uint32_t* used,
            LastSizes& sizes);

  // Marks the blocks of the table as complete. reopen() undoes it.
  void close();
  void reopen();
  // Calls the function of the file for each mapped block. False: it failed.
  bool visit_areas(bool (CaptureFile::*visit)(BlockHead*, std::size_t));
  // Unmaps the table, which is another process's.
  void unmap();
  std::uint64_t blocks() const { return block_count_; }

 private:
  bool add(std::uint64_t number, const Event& event);
  SumCell* find(Word key);
  SumCell* make(Word key);
  bool make_block();
  bool grow_index();

  // The index by key is private memory; the cells are in the file.
  SumCell** index_;
  std::size_t index_slots_;
  std::size_t cells_;
  BlockHead** blocks_;  // in the file; only the latest has room
  std::size_t block_count_;
  std::size_t cells_in_block_;
};

}  // namespace pymemflow::interpose
