#pragma once
// Finds the code object and instruction that the calling thread is at. Called from inside malloc:
// uses no GIL, allocation, reference count or lock, only five to seven loads that depend on each
// other. Safe on every thread, even on one that Python has never seen; frame.cpp describes the one
// exception.
//
// The position is that of the current frame, also while it is being entered: an event of its first
// instructions (the cells of a closure) belongs to it, where sys._getframe() would name the caller.

#include <cstdint>

#include "pyframe/interpreter.h"

namespace pymemflow::pyframe {

struct Position {
  const void* code = nullptr;      // PyCodeObject*, borrowed: alive at least while the frame runs
  std::int32_t instruction = 0;    // byte offset into the bytecode; negative: before the first one
  const void* bytecode = nullptr;  // from 3.11 on: where that bytecode lies
  const void* frame = nullptr;     // PyFrameObject* or _PyInterpreterFrame*
  std::int32_t own_line = 0;       // set by take_own_line() (own_line.h); 0: the line table has it
};

// State of one thread that is kept from one read to the next, used by that thread alone.
struct ThisThread {
  std::uintptr_t self;                // the value of pthread_self() on it
  const void* last_state = nullptr;   // the thread state of the latest read
  const void* const* slot = nullptr;  // holds its current state; null: call the getter
  // Holds its own state, from 3.14 on; null: see OwnState.
  const void* const* own_slot = nullptr;
};

// Created once on the thread itself; `self` is the value of pthread_self().
inline ThisThread this_thread(const Interpreter& interpreter, std::uintptr_t self) {
  ThisThread thread{.self = self};
  if (is_known(interpreter)) {
    thread.slot = slot_of_this_thread(interpreter.state_slot, interpreter.current_thread_state);
    thread.own_slot = interpreter.own_slot.kind == StateSlot::Kind::Thread
                          ? slot_of_this_thread(interpreter.own_slot, interpreter.own_thread_state)
                          : nullptr;
  }
  return thread;
}

// The next read asks the interpreter for the thread's own state, and takes no other. Up to 3.11 the
// current state stays that of the thread while the interpreter deletes it, with its frames.
inline void forget_state(ThisThread& thread) {
  __atomic_store_n(&thread.last_state, nullptr, __ATOMIC_RELAXED);
}

inline constexpr int kMaxShimFrames = 64;

// The size of addresses in user space, in bits.
#ifdef __x86_64__
inline constexpr int kAddressBits = 47;
#else
inline constexpr int kAddressBits = 48;
#endif
// Without the last one: a key is never the complement of an address.
inline constexpr std::uint32_t kMaxKeyIndex = (1U << (64 - kAddressBits)) - 1;

// The key of a call from C, by its return address. It differs from the keys of all frames.
__attribute__((always_inline)) inline std::uint64_t caller_key(const void* caller) {
  auto key = reinterpret_cast<std::uint64_t>(caller);
  // Keeps the compiler from doing the work where there is a frame.
  asm volatile("" : "+r"(key));
  return ~key;
}

namespace detail {

template <typename T>
inline T load(const void* base, std::size_t offset) {
  return *reinterpret_cast<const T*>(static_cast<const char*>(base) + offset);
}

inline const void* type_of(const FrameLayout& layout, const void* object) {
  return load<const void*>(object, kObjectType + std::size_t{layout.header_growth});
}

// From 3.13 on a frame may run any object, not only a code object.
constexpr bool has_any_executable(FrameShape shape) {
  return shape == FrameShape::CurrentFrame || shape == FrameShape::CurrentFrameOwnBytecode;
}

inline const void* current_state(const Interpreter& interpreter, const ThisThread& thread) {
  return thread.slot != nullptr ? __atomic_load_n(thread.slot, __ATOMIC_RELAXED)
                                : interpreter.current_thread_state();
}

// Whether the process's current state is that of this thread (see thread_state()).
__attribute__((always_inline)) inline bool is_still_of(const ThisThread& thread,
                                                       const Interpreter& interpreter,
                                                       const void* current) {
  return current == thread.last_state &&
         load<unsigned long>(current, interpreter.layout.tstate_thread_id) == thread.self;
}

// Calls the getter of the thread's own state, and learns where it finds the answer.
const void* ask_own_state(const Interpreter& interpreter, std::uintptr_t self);

// Finds that answer without a call, and whether its frames may be read. False: the interpreter has
// to be asked.
__attribute__((always_inline)) inline bool find_own_state(const Interpreter& interpreter,
                                                          const ThisThread& thread,
                                                          const void*& state) {
  const OwnState& own = interpreter.own_state;
  // Loaded again, so that this way does not share a register with the usual one.
  const std::uintptr_t self = __atomic_load_n(&thread.self, __ATOMIC_RELAXED);
  if (!find_key_value(own, self, state)) {
    if (thread.own_slot == nullptr) return false;
    state = __atomic_load_n(thread.own_slot, __ATOMIC_RELAXED);
  }
  return state == nullptr || is_readable(own);
}

// For a thread that has a state but does not hold the GIL with it. Rare, so not inlined.
const void* state_without_gil(const Interpreter& interpreter, const void* own, const void* current,
                              std::uintptr_t self);

// One copy per shape, so that the shape costs no branches (3 ns less than testing it at each step).
template <FrameShape kShape>
__attribute__((always_inline)) inline const void* top_frame(const FrameLayout& layout,
                                                            const void* state) {
  const void* frame = load<const void*>(state, layout.tstate_frame);
  if (kShape != FrameShape::CFrame || frame == nullptr) return frame;
  return load<const void*>(frame, layout.cframe_current);
}

// Returns the object that the frame runs. From 3.14 on the two low bits of the pointer are tags of
// the reference; in older versions they are zero.
template <FrameShape kShape>
inline const void* executable_of(const FrameLayout& layout, const void* frame) {
  constexpr std::uintptr_t kTags = 3;
  const auto reference = load<std::uintptr_t>(frame, layout.frame_code);
  return reinterpret_cast<const void*>(has_any_executable(kShape) ? reference & ~kTags : reference);
}

// Whether the frame runs a code object. Up to 3.12 it does, except in a shim (3.12: a code object
// without lines, marked by its owner). From 3.13 on a frame may run any object.
template <FrameShape kShape>
inline bool runs_code(const Interpreter& interpreter, const void* frame, const void* code) {
  const FrameLayout& layout = interpreter.layout;
  if (code == nullptr) return false;
  if (kShape == FrameShape::FrameObject) return true;
  if (layout.shim_owner != 0 &&
      load<std::uint8_t>(frame, layout.frame_owner) >= layout.shim_owner) {
    return false;
  }
  return !has_any_executable(kShape) || type_of(layout, code) == interpreter.code_type;
}

// Returns the address of the instructions that this frame runs. A thread's own copy of them (struct
// { Py_ssize_t size; char* entries[]; }) is made when it first runs the code, and lives as long as
// the code.
template <FrameShape kShape>
inline const void* bytecode_of(const FrameLayout& layout, const void* frame, const void* code) {
  if (kShape == FrameShape::FrameObject) return nullptr;
  const void* own = static_cast<const char*>(code) + layout.code_bytecode;
  if (kShape != FrameShape::CurrentFrameOwnBytecode) return own;
  const auto index = load<std::int32_t>(frame, layout.frame_bytecode_index);
  const void* copies = load<const void*>(code, layout.code_bytecodes);
  if (copies == nullptr || index < 0 || index >= load<std::int64_t>(copies, 0)) return own;
  return static_cast<const void* const*>(copies)[1 + index];
}

template <FrameShape kShape>
inline std::int32_t instruction_of(const FrameLayout& layout, const void* frame,
                                   const void* bytecode) {
  if (kShape != FrameShape::FrameObject) {
    return static_cast<std::int32_t>(load<std::intptr_t>(frame, layout.frame_position) -
                                     reinterpret_cast<std::intptr_t>(bytecode));
  }
  const auto index = load<std::int32_t>(frame, layout.frame_position);
  return layout.position_shape == PositionShape::UnitIndex ? index * 2 : index;
}

// Reads the position of this frame. False: it is a shim, which runs no code object.
template <FrameShape kShape>
__attribute__((always_inline)) inline bool read_frame(const Interpreter& interpreter,
                                                      const void* frame, Position& position) {
  const FrameLayout& layout = interpreter.layout;
  const void* code = executable_of<kShape>(layout, frame);
  if (!runs_code<kShape>(interpreter, frame, code)) [[unlikely]]
    return false;
  position.frame = frame;
  position.code = code;
  position.bytecode = bytecode_of<kShape>(layout, frame, code);
  position.instruction = instruction_of<kShape>(layout, frame, position.bytecode);
  return true;
}

// Reads the position of this frame, or of the next one below it that runs a code object.
template <FrameShape kShape>
inline bool read_position(const Interpreter& interpreter, const void* frame, Position& position) {
  for (int skipped = 0; frame != nullptr && skipped <= kMaxShimFrames; ++skipped) {
    if (read_frame<kShape>(interpreter, frame, position)) [[likely]]
      return true;
    frame = load<const void*>(frame, interpreter.layout.frame_back);
  }
  return false;
}

// A number for the code object and instruction of the top frame; 0: this method finds none.
// The key of the caller where no frame runs.
template <FrameShape kShape>
__attribute__((always_inline)) inline std::uint64_t read_key(const FrameLayout& layout,
                                                             const void* state,
                                                             const void* caller) {
  const void* frame = top_frame<kShape>(layout, state);
  if (frame == nullptr) return caller_key(caller);
  // The address of an instruction identifies its code object too.
  if (kShape != FrameShape::FrameObject) return load<std::uint64_t>(frame, layout.frame_position);
  const auto code = load<std::uint64_t>(frame, layout.frame_code);
  const auto index = load<std::uint32_t>(frame, layout.frame_position);
  return index < kMaxKeyIndex ? code | static_cast<std::uint64_t>(index) << kAddressBits : 0;
}

__attribute__((always_inline)) inline std::uint64_t read_key(const FrameLayout& layout,
                                                             const void* state,
                                                             const void* caller) {
  if (layout.frame_shape == FrameShape::CFrame) {
    return read_key<FrameShape::CFrame>(layout, state, caller);
  }
  // One comparison serves both tests.
  if (layout.frame_shape > FrameShape::CFrame) {
    if (layout.frame_shape == FrameShape::CheckedCFrame) return 0;
    return read_key<FrameShape::CurrentFrame>(layout, state, caller);
  }
  return read_key<FrameShape::FrameObject>(layout, state, caller);
}

// Out of line: see checked_frame.h.
bool read_checked_position(const Interpreter& interpreter, const void* state, Position& position);

}  // namespace detail

// The state of the calling thread; null when no Python runs or ran on it. Only for a Known
// interpreter.
//
// Up to 3.11 the current state is the process's and may be another thread's, about to be freed. It
// is used without asking for this thread's own (4 ns) only if it is the state that this thread had
// at its last read and its thread_id is still that of this thread: another thread may have got a
// state at that address since.
inline const void* thread_state(const Interpreter& interpreter, ThisThread& thread) {
  const void* current = detail::current_state(interpreter, thread);
  if (interpreter.current_is_per_thread) {
    if (current != nullptr) [[likely]]
      return current;
    return detail::state_without_gil(interpreter, detail::ask_own_state(interpreter, thread.self),
                                     current, thread.self);
  }
  if (current != nullptr && detail::is_still_of(thread, interpreter, current)) [[likely]]
    return current;
  const void* own = detail::ask_own_state(interpreter, thread.self);
  if (current == own) {
    thread.last_state = own;
    return own;
  }
  return detail::state_without_gil(interpreter, own, current, thread.self);
}

// Returns a number that is equal for two calls on this thread only if they came from the same
// instruction of the same code object, as long as that lives; 0 without a frame. It costs fewer
// loads than the position. With a shim on top it differs from the key_of() every position.
inline std::uint64_t key_in(const Interpreter& interpreter, const void* state) {
  if (state == nullptr) return 0;
  const std::uint64_t key = detail::read_key(interpreter.layout, state, nullptr);
  return key == caller_key(nullptr) ? 0 : key;
}
inline std::uint64_t current_key(const Interpreter& interpreter, ThisThread& thread) {
  return is_known(interpreter) ? key_in(interpreter, thread_state(interpreter, thread)) : 0;
}

// Finds the result of thread_state() without a function call, so that the registers are kept.
// False: a call is needed to tell.
__attribute__((always_inline)) inline bool find_state_at_once(const Interpreter& interpreter,
                                                              const ThisThread& thread,
                                                              const void*& state) {
  if (thread.slot == nullptr) return false;  // no interpreter, an unknown one, or a getter to call
  state = __atomic_load_n(thread.slot, __ATOMIC_RELAXED);
  const bool is_current = state != nullptr && (interpreter.current_is_per_thread ||
                                               detail::is_still_of(thread, interpreter, state));
  return is_current || detail::find_own_state(interpreter, thread, state);
}

// The key of the running frame, by the same means. The key of the caller if no Python frame runs on
// this thread; 0 where a call is needed to tell.
__attribute__((always_inline)) inline std::uint64_t current_key_at_once(
    const Interpreter& interpreter, const ThisThread& thread, const void* caller) {
  const void* state;
  if (!find_state_at_once(interpreter, thread, state)) return 0;
  if (state == nullptr) [[unlikely]]
    return caller_key(caller);
  return detail::read_key(interpreter.layout, state, caller);
}

// Finds the position of the thread of this state. False: no Python frame runs there. `code` is a
// code object according to the frame; describe_code() checks it.
inline bool position_in(const Interpreter& interpreter, const void* state, Position& position) {
  switch (interpreter.layout.frame_shape) {
    case FrameShape::FrameObject:
      return detail::read_position<FrameShape::FrameObject>(
          interpreter, detail::top_frame<FrameShape::FrameObject>(interpreter.layout, state),
          position);
    case FrameShape::CFrame:
      return detail::read_position<FrameShape::CFrame>(
          interpreter, detail::top_frame<FrameShape::CFrame>(interpreter.layout, state), position);
    case FrameShape::CheckedCFrame:
      return detail::read_checked_position(interpreter, state, position);
    case FrameShape::CurrentFrame:
      return detail::read_position<FrameShape::CurrentFrame>(
          interpreter, detail::top_frame<FrameShape::CurrentFrame>(interpreter.layout, state),
          position);
    case FrameShape::CurrentFrameOwnBytecode:
      return detail::read_position<FrameShape::CurrentFrameOwnBytecode>(
          interpreter, detail::top_frame<FrameShape::CurrentFrame>(interpreter.layout, state),
          position);
  }
  return false;
}

inline bool has_cframe(const FrameLayout& layout) {
  return layout.frame_shape == FrameShape::CFrame ||
         layout.frame_shape == FrameShape::CheckedCFrame;
}

// Finds the position of the frame that continues after this one, from 3.12 on. Not while the C
// stack is being switched.
inline bool position_of_caller(const Interpreter& interpreter, const void* frame,
                               Position& position) {
  const void* const caller = detail::load<const void*>(frame, interpreter.layout.frame_back);
  return has_cframe(interpreter.layout)
             ? detail::read_position<FrameShape::CFrame>(interpreter, caller, position)
             : detail::read_position<FrameShape::CurrentFrame>(interpreter, caller, position);
}

// Returns the frame that continues after the top frame, or null if none does. From 3.12 on.
inline const void* caller_in(const Interpreter& interpreter, const void* state) {
  const FrameLayout& layout = interpreter.layout;
  const void* const top = has_cframe(layout)
                              ? detail::top_frame<FrameShape::CFrame>(layout, state)
                              : detail::top_frame<FrameShape::CurrentFrame>(layout, state);
  Position caller;
  return top != nullptr && position_of_caller(interpreter, top, caller) ? caller.frame : nullptr;
}

// Finds the position of the calling thread.
inline bool current_position(const Interpreter& interpreter, ThisThread& thread,
                             Position& position) {
  if (!is_known(interpreter)) return false;
  const void* state = thread_state(interpreter, thread);
  return state != nullptr && position_in(interpreter, state, position);
}

// Returns the key of a frame at this position.
inline std::uint64_t key_of(const Interpreter& interpreter, const Position& position) {
  const FrameLayout& layout = interpreter.layout;
  if (layout.frame_shape != FrameShape::FrameObject) {
    return reinterpret_cast<std::uint64_t>(position.bytecode) +
           static_cast<std::uint64_t>(position.instruction);
  }
  const auto code = reinterpret_cast<std::uint64_t>(position.code);
  const bool in_units = layout.position_shape == PositionShape::UnitIndex;
  const auto index =
      static_cast<std::uint32_t>(in_units ? position.instruction / 2 : position.instruction);
  return index < kMaxKeyIndex ? code | static_cast<std::uint64_t>(index) << kAddressBits : 0;
}

}  // namespace pymemflow::pyframe
