#pragma once
// Walks the C stack of the calling thread: the return addresses of its callers, innermost first. On
// Linux each frame's rule is compiled from .eh_frame when its address is first seen; on macOS
// functions keep a chain of frame pointers.
//
// walk() may be called inside a hook and in a signal handler: it takes no lock, allocates nothing,
// makes no system call except when an address is first seen (rules.h), and keeps errno.

#include <cstddef>
#include <cstdint>
#include <span>

#include "interpose/unwind/registers.h"

namespace pymemflow::interpose {

// The part of a stack that a walk may read. Each word that it reads lies at or above the frame's
// own sp, or in the red zone below it, so `start` may be any address from the end of the guard page
// to that sp.
struct StackRange {
  std::uintptr_t start;
  std::uintptr_t end;
};

enum class WalkEnd : std::uint8_t {
  Bottom,   // the outermost frame of the thread is there
  Full,     // no room for more frames
  Stopped,  // the last frame is one of marked code (stops.h)
  NoRule,   // nothing tells how to find the caller: JIT code, hand-written assembly
  Unread,   // the next frame is not in the stack that was given
};

struct Walk {
  std::size_t frames;
  WalkEnd end;
};

enum class Until : std::uint8_t { Bottom, MarkedCode };

// Fills `frames` with the callers of the frame `at`, which itself is not among them. A frame is
// given by its pc in the sense of Registers. Afterwards `at` is the last frame found, so that a
// second call continues the walk: with more room, beyond the marked frame, or on the stack that a
// signal handler's stack was switched from.
Walk walk(Registers& at, StackRange stack, std::span<std::uintptr_t> frames, Until until);

}  // namespace pymemflow::interpose
