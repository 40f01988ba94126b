#pragma once
// Writes the definitions of a writer to blocks of their own, which are never used again. Belongs to
// the writer's thread. Its initial state is all zeros.

#include <cstddef>
#include <cstdint>

#include "interpose/recording/blocks/writer_blocks.h"

namespace pymemflow::interpose {

class DefinitionStream : public WriterBlocks {
 public:
  // After begin(): the writer has written this many blocks already, which are complete.
  void continue_after(std::uint64_t blocks) { number_ = blocks; }
  // Returns the place of the next definition of `words` words, or null if nothing more can be
  // recorded.
  Word* make_room(std::size_t words);
  // Writes the first word of the definition, which makes it valid.
  void commit(Word head, std::size_t words);

  // Marks the current block as complete. reopen() undoes it.
  void close();
  void reopen();
  // Closes and unmaps the current block.
  void finish();
  // Calls the function of the file for the mapped block. False: it failed.
  bool visit_area(bool (CaptureFile::*visit)(BlockHead*, std::size_t)) {
    return block_ == nullptr || (destination_->file.*visit)(block_, kDefinitionBlockBytes);
  }
  // Unmaps the current block, which is another process's.
  void unmap();

  // The number of blocks so far.
  std::uint64_t blocks() const { return number_; }

 private:
  bool change_block();

  BlockHead* block_;
  Word* position_;
  std::uint64_t number_;
};

}  // namespace pymemflow::interpose
