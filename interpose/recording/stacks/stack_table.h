#pragma once
// The tree of stacks of this process (capture/stack.h): finds the number of a stack by the stack
// below and the site of its uppermost frame. Lookups take no lock and never wait. A new stack is
// first described in the definitions of the thread that saw it, so that no event can refer to it
// earlier, and then entered for all threads.
//
// Two threads may enter one stack at the same moment, or while the table grows. It has two numbers
// then, which mean the same.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "capture/record.h"
#include "interpose/recording/blocks/definition_stream.h"

namespace pymemflow::interpose {

class StackTable {
 public:
  // kNoStack: it is new.
  StackId find(StackId parent, SiteId site) const {
    const Index* const index = index_.load(std::memory_order_acquire);
    if (index == nullptr) return kNoStack;
    const Word key = pair(parent, site);
    for (std::size_t i = hash(key) & index->mask;; i = (i + 1) & index->mask) {
      const Word seen = index->slots[i].key.load(std::memory_order_acquire);
      if (seen == key) return entered(index->slots[i]);
      if (seen == 0) return kNoStack;
    }
  }

  // Describes a stack that was not found, in the caller's own stream. kNoStack: nothing more can be
  // recorded.
  StackId define(DefinitionStream& stream, StackId parent, SiteId site);

  // For a forked child, since the numbers are the parent's. Their memory is given back, unless it
  // is to be kept as it is.
  void clear(bool keeps_memory);

 private:
  // The key claims the slot, and is never 0, since a site is not. The stack follows it.
  struct Slot {
    std::atomic<Word> key;
    std::atomic<StackId> stack;
  };
  struct Index {
    Index* older;
    std::size_t bytes;
    std::size_t mask;
    std::atomic<std::size_t> taken;
    Slot slots[1];
  };

  static std::size_t hash(Word key) {
    return static_cast<std::size_t>(key * 0x9e3779b97f4a7c15 >> 32);
  }
  static StackId entered(const Slot& slot) {
    const StackId stack = slot.stack.load(std::memory_order_acquire);
    return stack == 0 ? kNoStack : stack;
  }
  static void enter(Index& index, Word key, StackId stack);
  Index* grow(Index* old);

  std::atomic<Index*> index_{nullptr};
  std::atomic<StackId> next_{kFirstStack};
  std::atomic<bool> is_growing_{false};
};

}  // namespace pymemflow::interpose
