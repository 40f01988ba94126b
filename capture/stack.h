#pragma once
// Allocation sites and call stacks by their numbers. The stacks of a process are a tree: a stack is
// a node, which has the site of its uppermost frame and the node of the stack below. Plain values,
// for any thread.

#include <cstdint>

namespace pymemflow {

// The number of an allocation site: a Python code object and an instruction in it, or, where no
// Python frame was running, the return address of the call. Unique in a process for its life.
using SiteId = std::uint32_t;
inline constexpr SiteId kNoSite = 0;

// The number of a node of the tree, from kFirstStack on, or a StackEnd. Unique in a process for its
// life.
using StackId = std::uint32_t;
inline constexpr StackId kFirstStack = 16;

// The numbers below kFirstStack: the reason for which a stack has no further frame.
enum class StackEnd : StackId {
  Bottom = 0,    // all frames are there
  Cut = 1,       // the frames below are missing: the stack has as many frames as are recorded
  Unread = 2,    // the frames below could not be read
  NoRule = 3,    // the caller of native code was not found: the unwinder has no rule there
  SiteOnly = 4,  // the site alone was recorded
};
inline constexpr StackId kStackEnds = 5;

constexpr StackId end_of_stack(StackEnd end) {
  return static_cast<StackId>(end);
}
// The stack of an event of which the site alone is known.
inline constexpr StackId kNoStack = end_of_stack(StackEnd::SiteOnly);

// A frame, and the stack below it. `parent` is a node or a StackEnd.
struct StackNode {
  StackId parent = kNoStack;
  SiteId site = kNoSite;
};

// The address of a native frame that stands for native frames that are missing, between those above
// it and the Python frames below. No code lies at such an address.
constexpr std::uint64_t missing_frames(StackEnd reason) {
  // The walk has missed the Python frames, so the outermost frame is no better than another one.
  return reason == StackEnd::Bottom ? end_of_stack(StackEnd::Unread) : end_of_stack(reason);
}
constexpr bool is_missing_frames(std::uint64_t address) {
  return address != 0 && address < kStackEnds;
}

// The greatest number of frames that a stack may have in a capture.
inline constexpr std::uint32_t kMaxStackFrames = 16384;

}  // namespace pymemflow
