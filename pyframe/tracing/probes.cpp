#include "pyframe/tracing/probes.h"

#include <dlfcn.h>

#include <atomic>

#include "pyframe/layouts/versions.h"
#include "pyframe/tracing/monitoring.h"
#include "pyframe/tracing/probe_memory.h"

namespace pymemflow::pyframe {
namespace {

using detail::load;

using TraceFunction = int (*)(void* object, void* frame, int what, void* argument);
using CallType = void* (*)(void* type, void* arguments, void* keywords);

constinit ProbeHandlers handlers{};
constinit const Interpreter* python = nullptr;
constinit TraceLayout layout{};
constinit CallType original_call = nullptr;

// Up to 3.11.
using SetTrace = void (*)(TraceFunction function, void* object);
using StateOf = void* (*)(void* argument);
constinit SetTrace set_trace = nullptr;                 // PyEval_SetTrace
constinit StateOf swap_state = nullptr;                 // PyThreadState_Swap
constinit const void* const* stop_iteration = nullptr;  // PyExc_StopIteration
constinit StateOf newest_state = nullptr;               // PyInterpreterState_ThreadHead

bool has_monitoring() {
  return layout.code_version != 0;
}

// --- the trace function of a thread, up to 3.11 --------------------------------------------------

enum What { kCall = 0, kException = 1, kLine = 2, kReturn = 3 };

void tell(Probe probe) {
  // The current state is that of this thread, since it holds the GIL.
  const void* const state = python->current_thread_state();
  Position position;
  if (state != nullptr && position_in(*python, state, position)) {
    handlers.on_probe(probe, position, nullptr);
  }
}

// An exception is not a probe, but it comes with a tuple of type, instance and traceback. Where an
// iterator ends, the instance is created for the trace function alone; elsewhere the program needs
// it.
void tell_exception(const void* triple) {
  constexpr std::uint16_t kType = 24;
  constexpr std::uint16_t kInstance = 32;
  handlers.on_made_for_probe(triple);
  if (load<const void*>(triple, kType) == *stop_iteration) {
    handlers.on_made_for_probe(load<const void*>(triple, kInstance));
  }
}

int trace(void*, void*, int what, void* argument) {
  switch (what) {
    case kCall:
      tell(Probe::Entry);
      break;
    case kLine:
      tell(Probe::Line);
      break;
    case kReturn:
      tell(Probe::Return);
      break;
    case kException:
      tell_exception(argument);
      break;
    default:
      break;
  }
  return 0;
}

TraceFunction trace_function_of(const void* state) {
  return load<TraceFunction>(state, layout.tstate_trace_function);
}

// --- installing the probes -----------------------------------------------------------------------

void probe_this_thread() {
  if (has_monitoring()) {
    monitor_this_interpreter();
    return;
  }
  const void* const state = python->current_thread_state();
  if (state != nullptr && trace_function_of(state) == nullptr) set_trace(trace, nullptr);
}

void* call_type(void* type, void* arguments, void* keywords) {
  probe_this_thread();
  return original_call(type, arguments, keywords);
}

template <typename Function>
bool find(Function& function, const char* name) {
  function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  return function != nullptr;
}

bool find_calls(bool every_entry) {
  if (has_monitoring()) return find_monitoring(*python, layout, handlers, every_entry);
  return find(set_trace, "PyEval_SetTrace") && find(swap_state, "PyThreadState_Swap") &&
         find(newest_state, "PyInterpreterState_ThreadHead") &&
         find(stop_iteration, "PyExc_StopIteration");
}

}  // namespace

bool install_probes(const Interpreter& interpreter, const ProbeHandlers& wanted, bool every_entry) {
  if (!is_known(interpreter) || original_call != nullptr) return false;
  // The rows are of builds with a GIL and with the usual header of objects. Debug builds abort when
  // the state of another thread becomes the current one, which is how a thread is probed before it
  // starts.
  if (interpreter.is_free_threaded || interpreter.layout.header_growth != 0) return false;
  if (interpreter.counts_references) return false;
  const Version* const version = find_version(interpreter.layout.major, interpreter.layout.minor);
  if (version == nullptr || version->trace.tstate_interpreter == 0) return false;
  python = &interpreter;
  handlers = wanted;
  layout = version->trace;
  char* const type_type = static_cast<char*>(dlsym(RTLD_DEFAULT, "PyType_Type"));
  if (type_type == nullptr || !find_calls(every_entry) ||
      !find_probe_memory(interpreter, layout, handlers))
    return false;
  auto* const slot = reinterpret_cast<CallType*>(type_type + kTypeCall);
  original_call = *slot;
  if (original_call == nullptr) return false;
  std::atomic_ref<CallType>(*slot).store(call_type, std::memory_order_release);
  return true;
}

Probed probed(const void* state) {
  if (has_monitoring()) return is_monitoring() ? Probed::Yes : Probed::NotYet;
  const TraceFunction function = trace_function_of(state);
  if (function == trace) return Probed::Yes;
  return function == nullptr ? Probed::NotYet : Probed::SomebodyElse;
}

void probe_new_thread(std::uintptr_t self) {
  if (python == nullptr || has_monitoring()) return;
  void* const state = python->current_thread_state();
  // Another thread holds the GIL, so it is not Python that creates the thread.
  if (state == nullptr || load<unsigned long>(state, python->layout.tstate_thread_id) != self) {
    return;
  }
  // Python creates the state of the new thread, which is the newest one, before the thread.
  void* const newest = newest_state(load<void*>(state, layout.tstate_interpreter));
  if (newest == nullptr || newest == state || trace_function_of(newest) != nullptr) return;
  swap_state(newest);
  set_trace(trace, nullptr);
  swap_state(state);
}

namespace {

// Whether the named frame still runs the same code. At most a frame that is being entered lies
// above it, rarely more.
bool is_running(const Interpreter& interpreter, const void* top, const Position& named) {
  constexpr int kMaxDepth = 64;
  const FrameLayout& frames = interpreter.layout;
  const void* frame = top;
  for (int depth = 0; frame != nullptr && depth < kMaxDepth; ++depth) {
    if (frame == named.frame) return load<const void*>(frame, frames.frame_code) == named.code;
    frame = load<const void*>(frame, frames.frame_back);
  }
  return false;
}

// Whether the frame is past its first traceable instruction. Until then, to a probe, its caller
// runs.
bool is_entered(const Position& position) {
  const auto first = load<std::int32_t>(position.code, layout.code_first_traceable);
  return position.instruction > first * 2;
}

}  // namespace

bool probed_position(const Interpreter& interpreter, const void* state, const LastProbe& last,
                     Position& position) {
  if (!position_in(interpreter, state, position)) return false;
  if (has_monitoring()) {
    if (!is_entered(position) && !position_of_caller(interpreter, position.frame, position)) {
      return false;
    }
    // A frame that no probe has named is new: it was entered after the last Return.
    if (position.frame == last.named.frame) position = last.named;
    return position.frame != last.cleared;
  }
  if (last.named.code == nullptr || !is_running(interpreter, position.frame, last.named)) {
    return false;
  }
  position = last.named;
  return true;
}

}  // namespace pymemflow::pyframe
