#include "interpose/recording/window.h"

#include <cstring>
#include <span>

#include "platform/clock.h"
#include "platform/memory.h"
#include "platform/signal_guard.h"

namespace pymemflow::interpose {
namespace {

void set_state(BlockHead& block, BlockState state) {
  std::atomic_ref(block.state).store(state, std::memory_order_release);
}
BlockState state_of(BlockHead& block) {
  return std::atomic_ref(block.state).load(std::memory_order_acquire);
}

void open_window(const Destination& destination, Writer& writer, std::uint64_t number) {
  BlockHead& window = *writer.window;
  window.magic = kBlockMagic;
  window.kind = BlockKind::Events;
  window.extent_bytes = kBlockBytes;
  window.process = destination.process;
  window.writer = writer.id;
  window.thread = writer.owner.load(std::memory_order_relaxed);
  window.number = number;
  window.stamp = writer.stamp;
  window.opened_ns = platform::monotonic_ns();
  window.events_before = writer.events_before;
  writer.position = records_of(&window);
  writer.end = writer.position + kClockDistance;
  writer.last_sizes.clear();
  if (writer.stack != nullptr) writer.stack->used.begin_block();
  // This is the last of the steps in block.h.
  set_state(window, BlockState::Open);
}

// Takes steps 2 to 4 of capture/block.h for the block that is the writer's current window.
void use_again(const Destination& destination, Writer& writer, std::size_t used_bytes,
               std::uint64_t number) {
  BlockHead& window = *writer.window;
  // Uses an exchange, so that later writes cannot become visible before the state.
  std::atomic_ref(window.state).exchange(BlockState::Emptied, std::memory_order_acq_rel);
  std::memset(records_of(&window), 0, used_bytes);
  open_window(destination, writer, number);
}

struct Extent {
  std::size_t words = 0;
  std::uint64_t events = 0;
};

// Measures how far a window is filled. Its thread may add records at the same time.
Extent measure(BlockHead& window) {
  Word* const records = records_of(&window);
  Extent extent;
  while (extent.words < kBlockWords) {
    const Word head = std::atomic_ref(records[extent.words]).load(std::memory_order_acquire);
    const std::size_t words = record_words(head);
    if (words == 0 || words > kBlockWords - extent.words) break;
    extent.words += words;
    extent.events += is_event(kind_of(head)) ? 1 : 0;
  }
  return extent;
}

void close_window(BlockHead& window, std::size_t words) {
  window.used_bytes = static_cast<std::uint32_t>(words * sizeof(Word));
  window.checksum = checksum_of(window, records_of(&window));
  set_state(window, BlockState::Closed);
}

// Leaves the full window where it is, and goes on in another block.
bool leave_window(Destination& destination, Writer& writer) {
  BlockHead& full = *writer.window;
  int error = 0;
  BlockHead* const next = destination.file.map_blocks(kBlockBytes, error);
  if (next == nullptr) {
    destination.on_failure(error);
    return false;
  }
  close_window(full, static_cast<std::size_t>(writer.position - records_of(&full)));
  next->lost = full.lost;
  writer.window = next;
  open_window(destination, writer, full.number + 1);
  return true;
}

bool append_window(Destination& destination, Writer& writer) {
  if (destination.file.uses_spare_blocks()) return leave_window(destination, writer);
  BlockHead& window = *writer.window;
  window.used_bytes = static_cast<std::uint32_t>(
      static_cast<std::size_t>(writer.position - records_of(&window)) * sizeof(Word));
  if (const int error = destination.file.append(window)) {
    destination.on_failure(error);
    return false;
  }
  use_again(destination, writer, window.used_bytes, window.number + 1);
  return true;
}

bool turn_ring(Destination& destination, Writer& writer) {
  BlockHead& full = *writer.window;
  const Extent extent = measure(full);
  close_window(full, extent.words);
  writer.events_before += extent.events;
  const std::uint64_t index = full.number % destination.ring_blocks;  // numbers begin at 1
  char* const area = reinterpret_cast<char*>(writer.first_block);
  writer.window = reinterpret_cast<BlockHead*>(area + index * kBlockBytes);
  writer.window->lost = full.lost;
  use_again(destination, writer, writer.window->used_bytes, full.number + 1);
  return true;
}

bool fold_window(Destination& destination, Writer& writer) {
  BlockHead& window = *writer.window;
  const auto words = static_cast<std::size_t>(writer.position - records_of(&window));
  std::uint32_t* const table = writer.stack != nullptr ? writer.stack->folded : nullptr;
  // The writer's own table, of which the window that follows has no use.
  writer.last_sizes.clear();
  const std::span<const Word> records = {records_of(&window), words};
  if (!writer.sums.fold(window.number, records, table, writer.last_sizes)) return false;
  use_again(destination, writer, words * sizeof(Word), window.number + 1);
  return true;
}

std::size_t window_bytes(const Destination& destination) {
  const bool is_ring = destination.mode == RecordMode::Ring;
  return (is_ring ? destination.ring_blocks : std::size_t{1}) * kBlockBytes;
}

}  // namespace

int make_window(Destination& destination, Writer& writer) {
  const platform::SignalGuard no_handler;
  int error = 0;
  BlockHead* const block = destination.file.map_blocks(window_bytes(destination), error);
  if (block == nullptr) return error;
  writer.first_block = block;
  writer.window = block;
  writer.definitions.begin(destination, writer.id);
  writer.sums.begin(destination, writer.id);
  open_window(destination, writer, 1);
  return 0;
}

bool change_block(Destination& destination, Writer& writer) {
  // A handler that forked in the middle of this would leave the child with half a step in its
  // parent's file.
  const platform::SignalGuard no_handler;
  if (!writer.definitions.is_own()) return false;
  switch (destination.mode) {
    case RecordMode::Full:
      return append_window(destination, writer);
    case RecordMode::Ring:
      return turn_ring(destination, writer);
    case RecordMode::Sums:
      return fold_window(destination, writer);
  }
  return false;
}

std::uint64_t close_blocks(Writer& writer) {
  if (writer.window == nullptr) return 0;
  if (!is_recording(writer.state.load(std::memory_order_acquire))) {
    if (state_of(*writer.window) == BlockState::Open) {
      close_window(*writer.window, measure(*writer.window).words);
    }
    writer.definitions.close();
    writer.sums.close();
  }
  return writer.window->number + writer.definitions.blocks() + writer.sums.blocks();
}

void reopen_blocks(Writer& writer) {
  if (writer.window != nullptr && state_of(*writer.window) == BlockState::Closed) {
    set_state(*writer.window, BlockState::Open);
  }
  writer.definitions.reopen();
  writer.sums.reopen();
}

bool visit_areas(Destination& destination, Writer& writer,
                 bool (CaptureFile::*visit)(BlockHead*, std::size_t)) {
  if (writer.window == nullptr) return true;
  return (destination.file.*visit)(writer.first_block, window_bytes(destination)) &&
         writer.definitions.visit_area(visit) && writer.sums.visit_areas(visit);
}

void leave_blocks(Destination& destination, Writer& writer) {
  visit_areas(destination, writer, &CaptureFile::replace_by_zeros);
  writer.definitions.disown();
  writer.sums.disown();
}

void unmap_blocks(const Destination& destination, Writer& writer) {
  if (writer.window == nullptr) return;
  platform::unmap(writer.first_block, window_bytes(destination));
  writer.definitions.unmap();
  writer.sums.unmap();
}

}  // namespace pymemflow::interpose
