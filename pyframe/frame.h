#pragma once
// Which code object and instruction the calling thread is at. Called from inside malloc: no GIL, no
// allocation, no reference count, no lock, only loads; about 2 ns. Safe on every thread, also on
// one that Python never saw.

#include <cstdint>

#include "pyframe/interpreter.h"

namespace pymemflow::pyframe {

struct Position {
  const void* code;          // PyCodeObject*, borrowed: alive at least while the frame runs
  std::int32_t instruction;  // byte offset into the bytecode; negative: before the first one
};

inline constexpr int kMaxShimFrames = 64;

namespace detail {

template <typename T>
inline T load(const void* base, std::uint16_t offset) {
  return *reinterpret_cast<const T*>(static_cast<const char*>(base) + offset);
}

}  // namespace detail

// The state of the calling thread; null when no Python runs or ran on it. `self` is what
// pthread_self() returns here.
const void* thread_state(const Interpreter& interpreter, std::uintptr_t self);

// False: no Python frame is running on this thread.
bool current_position(const Interpreter& interpreter, std::uintptr_t self, Position& position);

}  // namespace pymemflow::pyframe
