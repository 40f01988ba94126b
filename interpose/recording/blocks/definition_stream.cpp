#include "interpose/recording/blocks/definition_stream.h"

#include <atomic>

#include "platform/memory.h"
#include "platform/signal_guard.h"

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
  const auto words = static_cast<std::size_t>(position_ - records_of(block_));
  WriterBlocks::close(*block_, words * sizeof(Word));
}

void DefinitionStream::reopen() {
  if (block_ != nullptr) WriterBlocks::reopen(*block_);
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
  const platform::SignalGuard no_handler;
  if (!is_own()) return false;
  close();
  BlockHead* const next = open_block(BlockKind::Definitions, kDefinitionBlockBytes, number_ + 1);
  if (next == nullptr) return false;
  if (block_ != nullptr) platform::unmap(block_, kDefinitionBlockBytes);
  block_ = next;
  position_ = records_of(block_);
  ++number_;
  return true;
}

}  // namespace pymemflow::interpose
