#include "interpose/recording/blocks/writer_blocks.h"

#include <atomic>

#include "platform/clock.h"

namespace pymemflow::interpose {

BlockHead* WriterBlocks::open_block(BlockKind kind, std::size_t bytes, std::uint64_t number) {
  if (!is_own()) return nullptr;
  int error = 0;
  BlockHead* const block = destination_->file.map_blocks(bytes, error);
  if (block == nullptr) {
    destination_->on_failure(error);
    return nullptr;
  }
  block->magic = kBlockMagic;
  block->kind = kind;
  block->extent_bytes = static_cast<std::uint32_t>(bytes);
  block->process = destination_->process;
  block->writer = writer_;
  block->number = number;
  block->opened_ns = platform::monotonic_ns();
  reopen(*block);
  return block;
}

void WriterBlocks::close(BlockHead& block, std::size_t used_bytes) {
  block.used_bytes = static_cast<std::uint32_t>(used_bytes);
  block.checksum = checksum_of(block, records_of(&block));
  std::atomic_ref(block.state).store(BlockState::Closed, std::memory_order_release);
}

void WriterBlocks::reopen(BlockHead& block) {
  std::atomic_ref(block.state).store(BlockState::Open, std::memory_order_release);
}

}  // namespace pymemflow::interpose
