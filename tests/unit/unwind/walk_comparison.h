#pragma once
// Compares walks with those of libunwind, frame by frame, and counts the outcomes. Usable in signal
// handlers and inside malloc().

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "interpose/unwind/walk.h"
#include "libunwind_peer.h"

namespace pymemflow::interpose {

struct ComparisonCounts {
  std::size_t walks;
  std::size_t frames;
  std::size_t different;
  std::size_t without_rule;  // ended early, where libunwind went on
  std::size_t unread;
  std::size_t peer_shorter;
};

// The registers of code that a signal interrupted.
inline Registers registers_of(const ucontext_t& interrupted) {
  Registers registers = {};
#if defined(__x86_64__)
  const greg_t* const saved = interrupted.uc_mcontext.gregs;
  registers.pc = static_cast<std::uintptr_t>(saved[REG_RIP]) + 1;
  registers.sp = static_cast<std::uintptr_t>(saved[REG_RSP]);
  registers.fp = static_cast<std::uintptr_t>(saved[REG_RBP]);
#else
  registers.pc = interrupted.uc_mcontext.pc + 1;
  registers.sp = interrupted.uc_mcontext.sp;
  registers.fp = interrupted.uc_mcontext.regs[29];
  registers.link = interrupted.uc_mcontext.regs[30];
#endif
  return registers;
}

class WalkComparison {
 public:
  bool has_peer() const { return peer_.is_there(); }

  void compare(const ucontext_t& interrupted, StackRange stack) {
    compare(registers_of(interrupted), stack,
            [&](auto frames, int& last) { return peer_.walk(interrupted, frames, last); });
  }
  void compare(const Registers& from, StackRange stack) {
    compare(from, stack, [&](auto frames, int& last) { return peer_.walk(from, frames, last); });
  }

  ComparisonCounts counts() const {
    return {walks_, frames_, different_, without_rule_, unread_, peer_shorter_};
  }
  // The first frame that differed: the address of its callee, ours, and libunwind's.
  std::array<std::uintptr_t, 3> first_difference() const { return first_difference_; }
  // The addresses at which walks ended early, with the numbers of these walks.
  struct Early {
    std::uintptr_t pc;
    std::size_t walks;
  };
  std::span<const Early> early() const { return {early_.data(), early_count_}; }

 private:
  static constexpr std::size_t kFrames = 256;

  template <typename PeerWalk>
  void compare(const Registers& from, StackRange stack, PeerWalk peer_walk) {
    std::array<std::uintptr_t, kFrames> ours;
    std::array<std::uintptr_t, kFrames> theirs;
    Registers at = from;
    const Walk done = walk(at, stack, ours, Until::Bottom);
    int last = 0;
    const std::size_t count = peer_walk(std::span(theirs), last);
    ++walks_;
    frames_ += done.frames;
    for (std::size_t i = 0; i < done.frames && i < count; ++i) {
      // An interrupted frame is one behind its instruction.
      if (ours[i] == theirs[i] || ours[i] == theirs[i] + 1) continue;
      return note_difference(i == 0 ? from.pc : ours[i - 1], ours[i], theirs[i]);
    }
    if (done.frames > count && last < 0) {
      ++peer_shorter_;
    } else if (done.frames > count || (done.end == WalkEnd::Bottom && done.frames < count)) {
      note_difference(at.pc, done.frames, count);
    } else if (done.frames < count) {
      ++(done.end == WalkEnd::NoRule ? without_rule_ : unread_);
      note_early(at.pc);
    }
  }

  void note_difference(std::uintptr_t callee, std::uintptr_t ours, std::uintptr_t theirs) {
    if (different_++ == 0) first_difference_ = {callee, ours, theirs};
  }

  void note_early(std::uintptr_t pc) {
    std::size_t i = 0;
    while (i < early_count_ && early_[i].pc != pc) ++i;
    if (i == early_.size()) return;
    if (i == early_count_) early_[early_count_++] = {pc, 0};
    ++early_[i].walks;
  }

  LibunwindPeer peer_;
  std::atomic<std::size_t> walks_{0};
  std::atomic<std::size_t> frames_{0};
  std::atomic<std::size_t> different_{0};
  std::atomic<std::size_t> without_rule_{0};
  std::atomic<std::size_t> unread_{0};
  std::atomic<std::size_t> peer_shorter_{0};
  std::array<std::uintptr_t, 3> first_difference_ = {};
  std::array<Early, 256> early_ = {};
  std::size_t early_count_ = 0;
};

}  // namespace pymemflow::interpose
