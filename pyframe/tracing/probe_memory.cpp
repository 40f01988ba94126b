#include "pyframe/tracing/probe_memory.h"

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <iterator>

namespace pymemflow::pyframe {
namespace {

using detail::load;

constexpr std::size_t kCollectorHead = 16;
// Bytes that the debug hooks of Python's allocators add to a block: none, or, in some builds, with
// a serial number.
constexpr std::size_t kDebugBytes[] = {0, 24, 32};

constinit const Interpreter* python = nullptr;
constinit TraceLayout layout{};
constinit const void* frame_type = nullptr;
// Of bound built-in methods; the second one is there from 3.9 on.
constinit const void* method_types[2] = {};

bool is_size(std::size_t bytes, std::size_t expected) {
  return std::any_of(std::begin(kDebugBytes), std::end(kDebugBytes),
                     [=](std::size_t debug) { return bytes == expected + debug; });
}

std::size_t basic_size(const void* type) {
  return static_cast<std::size_t>(load<std::int64_t>(type, kTypeBasicSize));
}

// Returns the state of this thread and its position, or null if it is not probed.
const void* probed_state(const Interpreter& interpreter, ThisThread& thread, Position& top) {
  const void* const state = thread_state(interpreter, thread);
  if (state == nullptr || !position_in(interpreter, state, top)) return nullptr;
  return probed(state) == Probed::Yes ? state : nullptr;
}

bool is_line_array(const Position& top, std::size_t bytes) {
  if (load<const void*>(top.code, layout.code_line_array) != nullptr) return false;
  const auto units = static_cast<std::size_t>(load<std::int64_t>(top.code, kObjectSize));
  return is_size(bytes, units * 2) || is_size(bytes, units * 4);
}

bool is_frame_object(const Position& top, std::size_t bytes) {
  if (load<const void*>(top.frame, python->layout.frame_object) != nullptr) return false;
  const std::int64_t slots = std::int64_t{load<std::int32_t>(top.code, layout.code_local_count)} +
                             load<std::int32_t>(top.code, layout.code_stack_size);
  return is_size(bytes, kCollectorHead + basic_size(frame_type) +
                            static_cast<std::size_t>(slots) * sizeof(void*));
}

// The last step of instrumentation sets the version of the code object to that of the interpreter.
bool is_being_instrumented(const void* state, const Position& top) {
  const void* const interpreter = load<const void*>(state, layout.tstate_interpreter);
  return load<std::uint64_t>(top.code, layout.code_version) !=
         load<std::uint64_t>(interpreter, layout.interpreter_version);
}

std::uint8_t opcode_at(const Interpreter& interpreter, const Position& position) {
  const std::uint16_t offset = interpreter.layout.code_bytecode;
  const char* bytecode = static_cast<const char*>(position.code) + offset;
  if (interpreter.layout.position_shape != PositionShape::Instruction) {
    bytecode = load<const char*>(position.code, offset) + kBytesData;
  }
  return static_cast<std::uint8_t>(bytecode[position.instruction]);
}

// --- bound methods -------------------------------------------------------------------------------
// While there is a trace function, an instruction that calls a built-in method binds it first, for
// the sake of a profile function. Other code that binds a method uses the descriptor's tp_descr_get
// too, but returns to another address, and at some point does so in an instruction that does not
// call, such as loading an attribute.

using Get = void* (*)(void* descriptor, void* object, void* type);

constinit Get original_get = nullptr;
constinit ProbeHandlers handlers{};

constexpr std::size_t kMaxOthers = 64;
constinit std::atomic<const void*> others[kMaxOthers];  // return addresses of other code

bool is_other(const void* place) {
  for (const std::atomic<const void*>& other : others) {
    const void* const known = other.load(std::memory_order_relaxed);
    if (known == place) return true;
    if (known == nullptr) return false;
  }
  return true;  // too many to tell
}

void learn_other(const void* place) {
  for (std::atomic<const void*>& other : others) {
    const void* known = nullptr;
    if (other.compare_exchange_strong(known, place, std::memory_order_relaxed)) return;
    if (known == place) return;
  }
}

bool is_in_call(const Position& position) {
  if (position.instruction < 0) return false;
  const std::uint8_t opcode = opcode_at(*python, position);
  return std::find(std::begin(layout.call_opcodes), std::end(layout.call_opcodes), opcode) !=
         std::end(layout.call_opcodes);
}

void* get(void* descriptor, void* object, void* type) {
  const void* const place = __builtin_return_address(0);
  const void* const state = python->current_thread_state();
  Position top;
  if (is_other(place) || state == nullptr || !position_in(*python, state, top)) {
    return original_get(descriptor, object, type);
  }
  if (!is_in_call(top)) learn_other(place);
  if (is_other(place) || probed(state) != Probed::Yes) {
    return original_get(descriptor, object, type);
  }
  handlers.set_binding(true);
  void* const method = original_get(descriptor, object, type);
  handlers.set_binding(false);
  return method;
}

bool put_in_front_of_get() {
  if (layout.call_opcodes[0] == 0) return true;
  char* const type = static_cast<char*>(dlsym(RTLD_DEFAULT, "PyMethodDescr_Type"));
  if (type == nullptr) return false;
  auto* const slot = reinterpret_cast<Get*>(type + kTypeGet);
  original_get = *slot;
  if (original_get == nullptr) return false;
  std::atomic_ref<Get>(*slot).store(get, std::memory_order_release);
  return true;
}

}  // namespace

bool find_probe_memory(const Interpreter& interpreter, const TraceLayout& found,
                       const ProbeHandlers& wanted) {
  python = &interpreter;
  layout = found;
  handlers = wanted;
  frame_type = dlsym(RTLD_DEFAULT, "PyFrame_Type");
  method_types[0] = dlsym(RTLD_DEFAULT, "PyCFunction_Type");
  method_types[1] = dlsym(RTLD_DEFAULT, "PyCMethod_Type");
  return frame_type != nullptr && method_types[0] != nullptr && put_in_front_of_get();
}

bool is_bound_method(std::size_t bytes) {
  return std::any_of(std::begin(method_types), std::end(method_types), [=](const void* type) {
    return type != nullptr && is_size(bytes, kCollectorHead + basic_size(type));
  });
}

bool is_memory_for_probes(const Interpreter& interpreter, ThisThread& thread, std::size_t bytes) {
  if (layout.code_first_traceable == 0) return false;
  Position top;
  const void* const state = probed_state(interpreter, thread, top);
  if (state == nullptr) return false;
  // Before its first traceable instruction a function makes what it needs itself.
  if (top.instruction < load<std::int32_t>(top.code, layout.code_first_traceable) * 2) return false;
  if (layout.code_version != 0) return is_being_instrumented(state, top);
  if (is_line_array(top, bytes)) return true;
  return load<std::int32_t>(state, layout.tstate_tracing) == 0 && is_frame_object(top, bytes);
}

}  // namespace pymemflow::pyframe
