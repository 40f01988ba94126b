#include "pyframe/frame_snapshot.h"

#include "pyframe/checked_frame.h"

namespace pymemflow::pyframe {

using detail::load;

std::size_t FrameSnapshot::bytes_for(unsigned limit) {
  const std::size_t frames = std::size_t{limit} + 1;
  return frames * (sizeof(Link) + sizeof(void*) + sizeof(Frame)) + kHints * sizeof(std::uint16_t);
}

void FrameSnapshot::create(void* memory, unsigned limit) {
  const std::size_t frames = std::size_t{limit} + 1;
  limit_ = limit;
  depth_ = 0;
  end_ = ChainEnd::Bottom;
  links_ = static_cast<Link*>(memory);
  codes_ = reinterpret_cast<const void**>(links_ + frames);
  fresh_ = reinterpret_cast<Frame*>(codes_ + frames);
  hints_ = reinterpret_cast<std::uint16_t*>(fresh_ + frames);
}

template <FrameShape kShape>
__attribute__((always_inline)) inline FrameSnapshot::Frame FrameSnapshot::frame_at(
    const FrameLayout& layout, const void* address) {
  if (kShape == FrameShape::FrameObject) {
    return {address, load<std::uint32_t>(address, layout.frame_position),
            load<const void*>(address, layout.frame_code)};
  }
  return {address, load<std::uint64_t>(address, layout.frame_position), nullptr};
}

template <FrameShape kShape>
inline bool FrameSnapshot::is_same(unsigned index, const Frame& frame) const {
  return address(index) == frame.address && links_[index].instruction == frame.instruction &&
         (kShape != FrameShape::FrameObject || codes_[index] == frame.code);
}

template <FrameShape kShape>
inline void FrameSnapshot::put(unsigned index, const Frame& frame) {
  links_[index].instruction = frame.instruction;
  links_[index + 1].back = frame.address;
  if (kShape == FrameShape::FrameObject) codes_[index] = frame.code;
  hints_[hint_of(frame.address)] = static_cast<std::uint16_t>(index);
}

template <FrameShape kShape>
__attribute__((always_inline)) inline bool FrameSnapshot::is_changed(const FrameLayout& layout,
                                                                     const void* frame,
                                                                     const Link* link) const {
  if (kShape == FrameShape::FrameObject) {
    // Without a branch between the two.
    const unsigned is_elsewhere =
        load<std::uint32_t>(frame, layout.frame_position) != link->instruction;
    const unsigned is_other_code =
        load<const void*>(frame, layout.frame_code) != codes_[link - links_];
    return (is_elsewhere | is_other_code) != 0;
  }
  return load<std::uint64_t>(frame, layout.frame_position) != link->instruction;
}

// Compares the lowest `count` frames, of which `frame` is the uppermost. Returns how many of them
// are unchanged, from the bottom; kBroken: they do not refer to one another as before.
template <FrameShape kShape>
__attribute__((always_inline)) inline unsigned FrameSnapshot::verify(const FrameLayout& layout,
                                                                     const void* frame,
                                                                     unsigned count) const {
  const Link* link = links_ + count - 1;
  const Link* changed = link + 1;
  const auto goes_on = [&]() __attribute__((always_inline)) {
    const void* remembered = link->back;
    if (load<const void*>(frame, layout.frame_back) != remembered) return false;
    // Keeps the compiler from going on with the equal value that the frame has, for which the
    // processor would have to wait.
    asm("" : "+r"(remembered));
    frame = remembered;
    --link;
    return true;
  };
  // Which of the uppermost frames have run since cannot be predicted, so there is no branch.
  const auto compare = [&]() __attribute__((always_inline)) {
    changed = is_changed<kShape>(layout, frame, link) ? link : changed;
    return goes_on();
  };
  constexpr std::ptrdiff_t kFew = 4;
  for (std::ptrdiff_t i = 0; i < kFew && frame != nullptr; ++i) {
    if (!compare()) return kBroken;
  }
  // Those below have not, nearly always. Not down to the last one, below which there is none.
  for (bool is_same = true; is_same && link - links_ >= kFew;) {
#pragma GCC unroll 4
    for (std::ptrdiff_t i = 0; i < kFew; ++i) {
      if (frame == nullptr) __builtin_unreachable();  // the link has another one below it
      is_same = !is_changed<kShape>(layout, frame, link);
      if (!is_same) [[unlikely]]
        break;
      if (!goes_on()) return kBroken;
    }
  }
  while (frame != nullptr) {
    if (!compare()) return kBroken;
  }
  return static_cast<unsigned>(changed - links_);
}

// Goes down to the first frame that may be in the snapshot, and compares from there on.
template <FrameShape kShape>
__attribute__((always_inline)) inline unsigned FrameSnapshot::refresh_from(
    const FrameLayout& layout, const void* top) {
  if (depth_ == 0 || end_ != ChainEnd::Bottom || top == nullptr) return walk<kShape>(layout, top);
  const void* frame = top;
  unsigned fresh = 0;
  unsigned same = depth_;
  if (links_[same].back != frame) {
    for (;;) {
      const unsigned hint = hints_[hint_of(frame)];
      if (hint < depth_ && address(hint) == frame) {
        same = hint + 1;
        break;
      }
      if (fresh == limit_) return walk<kShape>(layout, top);
      fresh_[fresh++] = frame_at<kShape>(layout, frame);
      frame = load<const void*>(frame, layout.frame_back);
      if (frame == nullptr) return walk<kShape>(layout, top);
    }
  }
  if (same + fresh > limit_) return walk<kShape>(layout, top);
  const unsigned unchanged = verify<kShape>(layout, frame, same);
  if (unchanged == kBroken) return walk<kShape>(layout, top);
  for (unsigned i = unchanged; i < same; ++i) put<kShape>(i, frame_at<kShape>(layout, address(i)));
  depth_ = same + fresh;
  for (unsigned i = same; fresh > 0; ++i) put<kShape>(i, fresh_[--fresh]);
  return unchanged;
}

// Takes `count` frames of fresh_ in place of the snapshot's.
template <FrameShape kShape>
unsigned FrameSnapshot::replace(unsigned count, ChainEnd end) {
  unsigned same = 0;
  if (end == end_) {
    while (same < count && same < depth_ && is_same<kShape>(same, fresh_[count - 1 - same])) ++same;
  }
  links_[0].back = nullptr;
  for (unsigned i = same; i < count; ++i) put<kShape>(i, fresh_[count - 1 - i]);
  depth_ = count;
  end_ = end;
  return same;
}

// Goes down to the bottom, and then compares from there. Not inlined, as it is rare.
template <FrameShape kShape>
__attribute__((noinline)) unsigned FrameSnapshot::walk(const FrameLayout& layout, const void* top) {
  unsigned count = 0;
  const void* frame = top;
  for (; frame != nullptr && count < limit_; frame = load<const void*>(frame, layout.frame_back)) {
    fresh_[count++] = frame_at<kShape>(layout, frame);
  }
  return replace<kShape>(count, frame == nullptr ? ChainEnd::Bottom : ChainEnd::Cut);
}

// The same where the frames may be those of another stack (checked_frame.h).
__attribute__((noinline)) unsigned FrameSnapshot::walk_checked(const Interpreter& interpreter,
                                                               const void* state) {
  const void* address = detail::top_frame<FrameShape::CFrame>(interpreter.layout, state);
  unsigned count = 0;
  ChainEnd end = ChainEnd::Bottom;
  for (; address != nullptr; ++count) {
    if (count == limit_) {
      end = ChainEnd::Cut;
      break;
    }
    CheckedFrame frame;
    const unsigned hint = hints_[hint_of(address)];
    const std::uint64_t known =
        hint < depth_ && this->address(hint) == address ? links_[hint].instruction : kNoInstruction;
    if (!read_checked_frame(interpreter, address, known, frame)) {
      end = ChainEnd::Unread;
      break;
    }
    fresh_[count] = {address, frame.instruction, nullptr};
    address = frame.back;
  }
  return replace<FrameShape::CFrame>(count, end);
}

unsigned FrameSnapshot::refresh(const Interpreter& interpreter, const void* state) {
  const FrameLayout& layout = interpreter.layout;
  switch (layout.frame_shape) {
    case FrameShape::FrameObject:
      return refresh_from<FrameShape::FrameObject>(
          layout, detail::top_frame<FrameShape::FrameObject>(layout, state));
    case FrameShape::CFrame:
      return refresh_from<FrameShape::CFrame>(layout,
                                              detail::top_frame<FrameShape::CFrame>(layout, state));
    case FrameShape::CheckedCFrame:
      return walk_checked(interpreter, state);
    case FrameShape::CurrentFrame:
    case FrameShape::CurrentFrameOwnBytecode:
      break;
  }
  return refresh_from<FrameShape::CurrentFrame>(
      layout, detail::top_frame<FrameShape::CurrentFrame>(layout, state));
}

bool FrameSnapshot::read(const Interpreter& interpreter, unsigned index, Position& position) const {
  const void* const frame = address(index);
  switch (interpreter.layout.frame_shape) {
    case FrameShape::FrameObject:
      return detail::read_frame<FrameShape::FrameObject>(interpreter, frame, position);
    case FrameShape::CFrame:
    case FrameShape::CheckedCFrame:  // refresh() has read it
      return detail::read_frame<FrameShape::CFrame>(interpreter, frame, position);
    case FrameShape::CurrentFrame:
      return detail::read_frame<FrameShape::CurrentFrame>(interpreter, frame, position);
    case FrameShape::CurrentFrameOwnBytecode:
      return detail::read_frame<FrameShape::CurrentFrameOwnBytecode>(interpreter, frame, position);
  }
  return false;
}

}  // namespace pymemflow::pyframe
