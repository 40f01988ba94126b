#include "interpose/recording/stacks/stack_table.h"

#include "interpose/recording/blocks/definitions.h"
#include "platform/memory.h"
#include "platform/signal_guard.h"

namespace pymemflow::interpose {
namespace {

// Small at first: a table that is larger than the stacks need costs misses of the TLB.
constexpr std::size_t kFirstSlots = 1024;

}  // namespace

StackId StackTable::define(DefinitionStream& stream, StackId parent, SiteId site) {
  Index* index = index_.load(std::memory_order_acquire);
  if (index == nullptr || index->taken.load(std::memory_order_relaxed) * 2 >= index->mask) {
    index = grow(index);
  }
  // After the table was loaded. If a signal handler forks from here on, the child has another
  // table. If one forked before, the stream is not the child's: the parent is of another process.
  if (!stream.is_own()) return kNoStack;
  const StackId stack = next_.fetch_add(1, std::memory_order_relaxed);
  if (!define_stack(stream, stack, {parent, site})) return kNoStack;
  if (index != nullptr) enter(*index, pair(parent, site), stack);
  return stack;
}

void StackTable::enter(Index& index, Word key, StackId stack) {
  // Leaves a quarter of the slots empty where other threads have added some, and no memory was
  // left.
  if (index.taken.load(std::memory_order_relaxed) * 4 >= index.mask * 3) return;
  for (std::size_t i = hash(key) & index.mask;; i = (i + 1) & index.mask) {
    Slot& slot = index.slots[i];
    Word seen = slot.key.load(std::memory_order_relaxed);
    if (seen == 0 && slot.key.compare_exchange_strong(seen, key, std::memory_order_relaxed)) {
      slot.stack.store(stack, std::memory_order_release);
      index.taken.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (seen == key) return;
  }
}

// The index that is to be used from here on. One thread at a time makes a new one; the others go on
// with the old one. No handler runs meanwhile: the child of one that forked would go on here.
StackTable::Index* StackTable::grow(Index* old) {
  const platform::SignalGuard no_handler;
  if (is_growing_.exchange(true, std::memory_order_acquire)) return old;
  Index* const current = index_.load(std::memory_order_acquire);
  Index* grown = current;
  if (current == old) {
    const std::size_t slots = old == nullptr ? kFirstSlots : (old->mask + 1) * 2;
    const std::size_t bytes = sizeof(Index) + (slots - 1) * sizeof(Slot);
    grown = static_cast<Index*>(platform::map_private(bytes));
    if (grown == nullptr) {
      grown = old;
    } else {
      grown->older = old;  // kept, since a thread may be reading it
      grown->bytes = bytes;
      grown->mask = slots - 1;
      for (std::size_t i = 0; old != nullptr && i <= old->mask; ++i) {
        const StackId stack = old->slots[i].stack.load(std::memory_order_acquire);
        if (stack != 0) enter(*grown, old->slots[i].key.load(std::memory_order_relaxed), stack);
      }
      index_.store(grown, std::memory_order_release);
    }
  }
  is_growing_.store(false, std::memory_order_release);
  return grown;
}

void StackTable::clear(bool keeps_memory) {
  Index* index = index_.exchange(nullptr, std::memory_order_relaxed);
  next_.store(kFirstStack, std::memory_order_relaxed);
  is_growing_.store(false, std::memory_order_relaxed);
  while (index != nullptr && !keeps_memory) {
    Index* const older = index->older;
    platform::unmap(index, index->bytes);
    index = older;
  }
}

}  // namespace pymemflow::interpose
