#include "pyframe/checked_frame.h"

#include <atomic>

#include "platform/memory.h"

namespace pymemflow::pyframe {
namespace {

using detail::load;

constexpr std::size_t kFrameBytes = 80;   // up to and including its owner
constexpr std::size_t kHeaderBytes = 40;  // of a code object, up to its size, in any build

// Whether `instruction` is one of the code object `code`, and `code` is a code object.
bool is_at_instruction_of(const Interpreter& interpreter, const void* code,
                          std::int64_t instruction) {
  alignas(8) char header[kHeaderBytes];
  if (!platform::copy_memory(header, reinterpret_cast<std::uintptr_t>(code), sizeof header))
    return false;
  const FrameLayout& layout = interpreter.layout;
  if (detail::type_of(layout, header) != interpreter.code_type) return false;
  const auto units = load<std::int64_t>(header, kObjectSize + std::size_t{layout.header_growth});
  return instruction >= -2 && instruction < units * 2 && instruction % 2 == 0;
}

// The position of the instruction that a copy of a frame is at.
std::int64_t instruction_in(const FrameLayout& layout, const char* copy, const void* bytecode) {
  return load<std::intptr_t>(copy, layout.frame_position) -
         reinterpret_cast<std::intptr_t>(bytecode);
}

}  // namespace

namespace detail {

bool read_checked_position(const Interpreter& interpreter, const void* state, Position& position) {
  const FrameLayout& layout = interpreter.layout;
  const void* frame = top_frame<FrameShape::CFrame>(layout, state);
  for (int skipped = 0; frame != nullptr && skipped <= kMaxShimFrames; ++skipped) {
    alignas(8) char copy[kFrameBytes];
    if (!platform::copy_memory(copy, reinterpret_cast<std::uintptr_t>(frame), sizeof copy))
      return false;
    const void* const code = load<const void*>(copy, layout.frame_code);
    if (runs_code<FrameShape::CFrame>(interpreter, copy, code)) {
      const char* const bytecode = static_cast<const char*>(code) + layout.code_bytecode;
      const std::int64_t instruction = instruction_in(layout, copy, bytecode);
      if (!is_at_instruction_of(interpreter, code, instruction)) return false;
      position = {.code = code,
                  .instruction = static_cast<std::int32_t>(instruction),
                  .bytecode = bytecode,
                  .frame = frame};
      return true;
    }
    frame = load<const void*>(copy, layout.frame_back);
  }
  return false;
}

}  // namespace detail

bool read_checked_frame(const Interpreter& interpreter, const void* frame, std::uint64_t known,
                        CheckedFrame& read) {
  const FrameLayout& layout = interpreter.layout;
  alignas(8) char copy[kFrameBytes];
  if (!platform::copy_memory(copy, reinterpret_cast<std::uintptr_t>(frame), sizeof copy))
    return false;
  read = {.back = load<const void*>(copy, layout.frame_back),
          .instruction = load<std::uint64_t>(copy, layout.frame_position)};
  const void* const code = load<const void*>(copy, layout.frame_code);
  if (read.instruction == known ||
      !detail::runs_code<FrameShape::CFrame>(interpreter, copy, code)) {
    return true;
  }
  const char* const bytecode = static_cast<const char*>(code) + layout.code_bytecode;
  return is_at_instruction_of(interpreter, code, instruction_in(layout, copy, bytecode));
}

void expect_switched_stacks(Interpreter& interpreter) {
  if (!is_known(interpreter) || interpreter.layout.frame_shape != FrameShape::CFrame) return;
  std::atomic_ref(interpreter.layout.frame_shape)
      .store(FrameShape::CheckedCFrame, std::memory_order_relaxed);
}

bool expects_switched_stacks(const Interpreter& interpreter) {
  return interpreter.layout.frame_shape == FrameShape::CheckedCFrame;
}

}  // namespace pymemflow::pyframe
