#pragma once
// The C frames that run on a thread: its callers outside this library, and the stacks that it
// remembers for them. Private memory of the thread's writer. Used by that thread alone, inside
// hooks.

#include <cstddef>
#include <cstdint>
#include <span>

#include "capture/stack.h"
#include "interpose/unwind/registers.h"
#include "interpose/unwind/walk.h"
#include "platform/stack_bounds.h"

namespace pymemflow::interpose {

class NativeFrames {
 public:
  // `limit`: the greatest number of frames that walk() returns.
  static std::size_t bytes_for(unsigned limit);
  // The memory is full of zeros, and outlives this.
  void create(void* memory, unsigned limit);
  bool is_created() const { return frames_ != nullptr; }

  // The next walk is that of another thread.
  void forget_thread() { own_ = {}; }

  // Finds the caller of the hook that returns to `caller`, and its callers, the innermost first.
  // `known`: the registers of this caller where they are known, else of anything else or null. With
  // Until::MarkedCode the marked frame is not among them, and `end` is Stopped. The frames are
  // valid until the next walk.
  struct Callers {
    std::span<const std::uintptr_t> frames;
    WalkEnd end;
  };
  Callers walk(std::uintptr_t caller, const Registers* known, Until until, std::size_t limit);

  // The stack of a frame above another stack, as remember() was told. 0: it is not remembered.
  StackId find(StackId below, std::uintptr_t pc) const {
    const Known& known = known_[index_of(below, pc)];
    return known.pc == pc && known.below == below ? known.stack : 0;
  }
  void remember(StackId below, std::uintptr_t pc, StackId stack) {
    known_[index_of(below, pc)] = {pc, below, stack};
  }
  // Addresses mean other code once the number of unloaded libraries has changed.
  void use_for(std::uint64_t unloads) {
    if (unloads != unloads_) [[unlikely]]
      forget_addresses(unloads);
  }

 private:
  struct Known {
    std::uintptr_t pc;
    StackId below;
    StackId stack;
  };
  static constexpr int kKnownBits = 11;
  static constexpr std::size_t kKnown = std::size_t{1} << kKnownBits;

  static std::size_t index_of(StackId below, std::uintptr_t pc) {
    const std::uint64_t key = (pc ^ std::uint64_t{below} << 40) + below;
    return key * 0x9e3779b97f4a7c15 >> (64 - kKnownBits);
  }
  void forget_addresses(std::uint64_t unloads);
  platform::StackBounds bounds_at(std::uintptr_t sp);
  static bool find_caller(Registers& at, StackRange stack, std::uintptr_t caller, Walk& step);

  std::uintptr_t* frames_;
  Known* known_;
  unsigned limit_;
  platform::StackBounds own_;  // of the thread's own stack; empty: not known
  std::uint64_t unloads_;
};

}  // namespace pymemflow::interpose
