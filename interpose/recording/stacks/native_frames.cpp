#include "interpose/recording/stacks/native_frames.h"

#include <algorithm>

#include "interpose/unwind/stops.h"

namespace pymemflow::interpose {
namespace {

// Of this library, from walk() to a hook.
constexpr int kOwnFrames = 16;
// Those that a walk goes on to: a signal handler may have a stack of its own.
constexpr int kStacks = 4;

StackRange range_of(const platform::StackBounds& bounds) {
  return {bounds.start, bounds.end};
}

}  // namespace

std::size_t NativeFrames::bytes_for(unsigned limit) {
  return kKnown * sizeof(Known) + (std::size_t{limit} + 1) * sizeof(std::uintptr_t);
}

void NativeFrames::create(void* memory, unsigned limit) {
  known_ = static_cast<Known*>(memory);
  frames_ = reinterpret_cast<std::uintptr_t*>(known_ + kKnown);
  limit_ = limit;
  own_ = {};
}

void NativeFrames::forget_addresses(std::uint64_t unloads) {
  std::fill(known_, known_ + kKnown, Known{});
  unloads_ = unloads;
}

// Of another stack than the thread's own nothing is kept: the program may unmap it.
platform::StackBounds NativeFrames::bounds_at(std::uintptr_t sp) {
  if (own_.holds(sp)) [[likely]]
    return own_;
  const platform::StackBounds found = platform::find_stack_bounds(sp);
  if (found.is_own) own_ = found;
  return found;
}

// Goes on to the frame that the hook returns to. `step` is the last step.
bool NativeFrames::find_caller(Registers& at, StackRange stack, std::uintptr_t caller, Walk& step) {
  for (int i = 0; i < kOwnFrames; ++i) {
    std::uintptr_t frame = 0;
    step = interpose::walk(at, stack, {&frame, 1}, Until::Bottom);
    if (step.frames == 0) return false;
    if (frame == caller) return true;
  }
  step.end = WalkEnd::NoRule;
  return false;
}

// Not inlined: the walk begins in this function's own frame.
__attribute__((noinline)) NativeFrames::Callers NativeFrames::walk(std::uintptr_t caller,
                                                                   const Registers* known,
                                                                   Until until, std::size_t limit) {
  const bool is_known = known != nullptr && known->pc == caller;
  Registers at = is_known ? *known : own_registers();
  StackRange stack = range_of(bounds_at(at.sp));
  Walk step = {.frames = 0, .end = WalkEnd::Unread};
  frames_[0] = caller;
  if (!is_known && !find_caller(at, stack, caller, step)) return {{frames_, 1}, step.end};
  if (until == Until::MarkedCode && is_marked(caller)) return {{}, WalkEnd::Stopped};
  std::size_t count = 1;
  // One more than the limit: the marked frame is not a caller.
  const std::size_t room = std::min<std::size_t>(limit, limit_) + 1;
  for (int i = 0; i < kStacks; ++i) {
    step = interpose::walk(at, stack, {frames_ + count, room - count}, until);
    count += step.frames;
    if (step.end != WalkEnd::Unread || (at.sp >= stack.start && at.sp <= stack.end)) break;
    stack = range_of(bounds_at(at.sp));
    if (stack.end == 0) break;
  }
  if (step.end == WalkEnd::Stopped) return {{frames_, count - 1}, WalkEnd::Stopped};
  if (count == room) return {{frames_, count - 1}, WalkEnd::Full};
  return {{frames_, count}, step.end};
}

}  // namespace pymemflow::interpose
