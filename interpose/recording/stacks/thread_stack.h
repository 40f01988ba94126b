#pragma once
// The part of a writer that records whole stacks: the frames of its thread as they were at its last
// event, and the stacks that end at each of them. Private memory of its own, which a recording
// without stacks does not have. Used by the writer's thread alone.

#include <cstddef>
#include <cstdint>

#include "capture/block.h"
#include "interpose/recording/stacks/native_frames.h"
#include "interpose/recording/stacks/used_numbers.h"
#include "pyframe/frame_snapshot.h"

namespace pymemflow::interpose {

// A site that this thread used recently, by FrameSnapshot::key().
struct KeyedSite {
  std::uint64_t key;
  std::uint32_t deaths;  // as ThreadStack::deaths, when it was entered
  SiteId site;
};

struct ThreadStack {
  pyframe::FrameSnapshot frames;
  StackId* nodes;  // nodes[i + 1] ends at the frame with index i; nodes[0] is the end of the stack
  std::size_t bytes;     // of the memory
  std::uint64_t deaths;  // SiteTable::deaths() for which `frames` and `nodes` hold
  NativeFrames native;   // created only where they are recorded
  UsedNumbers used;
  static constexpr int kKeyedSiteBits = 9;
  KeyedSite keyed_sites[1 << kKeyedSiteBits];
  std::uint32_t folded[kBlockWords];  // the table of the window that is being folded; Sums only

  // For another thread, whose frames are not these.
  void forget_thread() {
    frames.forget();
    native.forget_thread();
  }
  KeyedSite& keyed_site(std::uint64_t key) {
    return keyed_sites[key * 0x9e3779b97f4a7c15 >> (64 - kKeyedSiteBits)];
  }
};

// Null: no memory.
ThreadStack* make_thread_stack(unsigned max_stack, bool has_native_frames);
void unmap(ThreadStack* stack);

}  // namespace pymemflow::interpose
