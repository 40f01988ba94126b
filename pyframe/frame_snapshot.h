#pragma once
// The frames that run on a thread, from the bottom of its stack to the top, as they were when the
// thread asked last. refresh() compares all of them with the frames that run now and says which are
// unchanged, so that its caller works only for those that are not. Nothing is written into the
// interpreter, and no notice from it is needed.
//
// Each frame is compared: its address, its instruction, and the frame below it. "Stop at the first
// unchanged frame" would be wrong. Let a module call P on line 1 and on line 2, and let P call F:
// both times F and P have the same addresses and instructions, and only the module's instruction
// has changed.
//
// A remembered address is read only after a running frame was found to refer to it, so no memory is
// read that the interpreter has freed. The processor does not wait for that: the next address is
// the remembered one, and the comparison with the frame's own reference is a predicted branch.
//
// Called inside malloc(), by one thread, on its own frames.

#include <cstddef>
#include <cstdint>

#include "pyframe/frame.h"

namespace pymemflow::pyframe {

// The reason for which a snapshot has no further frame.
enum class ChainEnd : std::uint8_t {
  Bottom,  // all frames of the thread are there
  Cut,     // there are more frames than the limit
  Unread,  // the next frame cannot be read
};

class FrameSnapshot {
 public:
  // `limit`: the number of frames that are kept, from the top. Below 65,536.
  static std::size_t bytes_for(unsigned limit);
  // The memory is full of zeros, and outlives the snapshot.
  void create(void* memory, unsigned limit);

  // Forgets all frames: for another thread, or where an instruction may mean another code object.
  void forget() { depth_ = 0; }

  // Takes the frames of the thread of this state. Returns how many of them, from the bottom, are as
  // they were at the call before: same frames at the same instructions, with the same end.
  unsigned refresh(const Interpreter& interpreter, const void* state);

  // The frames, shims included; those of the latest refresh().
  unsigned depth() const { return depth_; }
  ChainEnd end() const { return end_; }

  // Reads the position of a frame, by its index from the bottom. False: the frame is a shim.
  bool read(const Interpreter& interpreter, unsigned index, Position& position) const;
  // The same number as key_of() that position; for a shim the key of no position.
  std::uint64_t key(const Interpreter& interpreter, unsigned index) const {
    const std::uint64_t instruction = links_[index].instruction;
    if (interpreter.layout.frame_shape != FrameShape::FrameObject) return instruction;
    return instruction < kMaxKeyIndex
               ? reinterpret_cast<std::uint64_t>(codes_[index]) | instruction << kAddressBits
               : 0;
  }
  // The frame counts as changed at the next refresh(), since its instruction does not tell its line
  // (own_line.h).
  void distrust(unsigned index) { links_[index].instruction = kNoInstruction; }

 private:
  // The fields of a frame that are compared. The frame with index i has links_[i], and its address
  // is links_[i + 1].back.
  struct Link {
    const void* back;
    std::uint64_t instruction;  // FrameLayout::frame_position: an address, or an index in the code
  };
  struct Frame {
    const void* address;
    std::uint64_t instruction;
    const void* code;  // FrameShape::FrameObject only: others tell it by the instruction
  };
  static constexpr std::uint64_t kNoInstruction = ~std::uint64_t{0};  // no frame has it
  static constexpr unsigned kHints = 2048;
  static constexpr unsigned kBroken = ~0U;

  static unsigned hint_of(const void* frame) {
    return static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(frame) >> 4) % kHints;
  }
  const void* address(unsigned index) const { return links_[index + 1].back; }
  template <FrameShape kShape>
  static Frame frame_at(const FrameLayout& layout, const void* address);
  template <FrameShape kShape>
  bool is_same(unsigned index, const Frame& frame) const;
  template <FrameShape kShape>
  void put(unsigned index, const Frame& frame);
  template <FrameShape kShape>
  bool is_changed(const FrameLayout& layout, const void* frame, const Link* link) const;
  template <FrameShape kShape>
  unsigned verify(const FrameLayout& layout, const void* frame, unsigned count) const;
  template <FrameShape kShape>
  unsigned refresh_from(const FrameLayout& layout, const void* top);
  template <FrameShape kShape>
  unsigned walk(const FrameLayout& layout, const void* top);
  template <FrameShape kShape>
  unsigned replace(unsigned count, ChainEnd end);
  unsigned walk_checked(const Interpreter& interpreter, const void* state);

  unsigned limit_;
  unsigned depth_;
  ChainEnd end_;
  Link* links_;         // limit_ + 1
  const void** codes_;  // FrameShape::FrameObject only
  Frame* fresh_;        // frames that may be new, from the top
  // The index at which a frame was seen last, by the frame's address. It may be wrong by now.
  std::uint16_t* hints_;
};

}  // namespace pymemflow::pyframe
