#pragma once
// The blocks of one writer in the capture: how they are begun, and how they change their state. The
// base of the classes that fill blocks. Belongs to the writer's thread. Its initial state is all
// zeros.

#include <cstddef>
#include <cstdint>

#include "interpose/recording/blocks/destination.h"

namespace pymemflow::interpose {

class WriterBlocks {
 public:
  // Call before the first block, with the destination of the blocks and the number of the writer.
  void begin(Destination& destination, std::uint32_t writer) {
    destination_ = &destination;
    writer_ = writer;
  }

 protected:
  // A new block of `bytes` bytes, with its head written and open. Null: the file cannot grow, and
  // the destination knows why.
  BlockHead* open_block(BlockKind kind, std::size_t bytes, std::uint64_t number);
  // Marks a block as complete, with what it holds. reopen() undoes it.
  static void close(BlockHead& block, std::size_t used_bytes);
  static void reopen(BlockHead& block);

  Destination* destination_;
  std::uint32_t writer_;
};

}  // namespace pymemflow::interpose
