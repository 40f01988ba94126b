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
    process_ = destination.process;
  }

  // False: the blocks are those of the parent. In a forked child a signal handler that interrupted
  // the recorder may return to it, which then goes on with the parent's writer.
  bool is_own() const {
    return process_ == destination_->process && !destination_->is_new_process();
  }
  // In a forked child, for blocks of its parent: is_own() is false from here on, also where both
  // have one process id, in two namespaces.
  void disown() { process_ = 0; }

 protected:
  // A new block of `bytes` bytes, with its head written and open. Null: the file cannot grow, and
  // the destination knows why; or the blocks are not this process's. Call it under a SignalGuard.
  BlockHead* open_block(BlockKind kind, std::size_t bytes, std::uint64_t number);
  // Marks a block as complete, with what it holds. reopen() undoes it.
  static void close(BlockHead& block, std::size_t used_bytes);
  static void reopen(BlockHead& block);

  Destination* destination_;
  std::uint32_t writer_;
  std::uint32_t process_;
};

}  // namespace pymemflow::interpose
