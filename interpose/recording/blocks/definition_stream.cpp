#include "interpose/recording/blocks/definition_stream.h"

#include <atomic>

#include "platform/clock.h"
#include "platform/memory.h"

namespace pymemflow::interpose {

Word* DefinitionStream::make_room(std::size_t words) {
  const bool has_room =
      block_ != nullptr && position_ + words <= records_of(block_) + kDefinitionBlockWords;
  return has_room || change_block() ? position_ : nullptr;
}

void DefinitionStream::commit(Word head, std::size_t words) {
  // Release: a reader sees the first word only together with the words that follow it.
  std::atomic_ref(*position_).store(head, std::memory_order_release);
  position_ += words;
}

void DefinitionStream::close() {
  if (block_ == nullptr) return;
  block_->used_bytes =
      static_cast<std::uint32_t>((position_ - records_of(block_)) * std::ptrdiff_t{sizeof(Word)});
  block_->checksum = checksum_of(*block_, records_of(block_));
  std::atomic_ref(block_->state).store(BlockState::Closed, std::memory_order_release);
}

void DefinitionStream::reopen() {
  if (block_ == nullptr) return;
  std::atomic_ref(block_->state).store(BlockState::Open, std::memory_order_release);
}

void DefinitionStream::finish() {
  close();
  unmap();
}

void DefinitionStream::unmap() {
  if (block_ != nullptr) platform::unmap(block_, kDefinitionBlockBytes);
  block_ = nullptr;
}

bool DefinitionStream::change_block() {
  close();
  int error = 0;
  BlockHead* const next = destination_->file.map_blocks(kDefinitionBlockBytes, error);
  if (next == nullptr) {
    destination_->on_failure(error);
    return false;
  }
  if (block_ != nullptr) platform::unmap(block_, kDefinitionBlockBytes);
  block_ = next;
  position_ = records_of(block_);
  block_->magic = kBlockMagic;
  block_->kind = BlockKind::Definitions;
  block_->extent_bytes = kDefinitionBlockBytes;
  block_->process = destination_->process;
  block_->writer = writer_;
  block_->number = ++number_;
  block_->opened_ns = platform::monotonic_ns();
  std::atomic_ref(block_->state).store(BlockState::Open, std::memory_order_release);
  return true;
}

}  // namespace pymemflow::interpose
