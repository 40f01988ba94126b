#include "pyframe/tracing/monitoring.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdint>

namespace pymemflow::pyframe {
namespace {

// The functions of the C API that are used here; all are older than 3.12. Objects are opaque.
struct Calls {
  void* (*current_interpreter)() = nullptr;
  std::int64_t (*interpreter_id)(void* interpreter) = nullptr;
  void* (*sys_object)(const char* name) = nullptr;  // borrowed
  void* (*attribute)(void* object, const char* name) = nullptr;
  void* (*call_method)(void* object, const char* name, const char* format, ...) = nullptr;
  void* (*new_function)(void* definition, void* self, void* module, void* type) = nullptr;
  long (*as_long)(void* object) = nullptr;
  void (*retain)(void* object) = nullptr;
  void (*release)(void* object) = nullptr;
  void (*fetch_error)(void** type, void** value, void** traceback) = nullptr;
  void (*restore_error)(void* type, void* value, void* traceback) = nullptr;
  void (*clear_error)() = nullptr;
  void* none = nullptr;
  void* disable = nullptr;  // sys.monitoring.DISABLE
};

constinit Calls calls;
constinit ProbeHandlers handlers{};
constinit const Interpreter* python = nullptr;
constinit TraceLayout layout{};
constinit bool is_every_entry_wanted = false;

// By number, because addresses are reused. Interpreters with higher numbers are not probed.
constexpr std::int64_t kMaxInterpreters = 4096;
constinit std::atomic<bool> monitored[kMaxInterpreters];
constinit std::atomic<bool> is_any_monitored{false};

// PyMethodDef of a METH_FASTCALL.
struct Callback {
  const char* name;
  void* (*function)(void* self, void* const* arguments, std::intptr_t count);
  int flags;
  const char* documentation;
};
constexpr int kFastCall = 0x80;

// A cache of code objects that have loops. A newer one may replace an older one in its slot.
constexpr std::size_t kMaxWithLoops = 256;
constinit std::atomic<const void*> with_loops[kMaxWithLoops];

std::atomic<const void*>& loop_slot(const void* code) {
  return with_loops[reinterpret_cast<std::uintptr_t>(code) / 64 % kMaxWithLoops];
}

// Reads co_code, which creates an object: in the code object itself, instrumented instructions may
// hide the original ones.
bool jumps_backward(void* code) {
  handlers.begin_own_work();
  void* const bytes = calls.attribute(code, "co_code");
  bool jumps = true;
  if (bytes == nullptr) {
    calls.clear_error();
  } else {
    const auto size = detail::load<std::int64_t>(bytes, kObjectSize);
    const auto* const opcodes = static_cast<const std::uint8_t*>(bytes) + kBytesData;
    jumps = false;
    for (std::int64_t i = 0; i < size && !jumps; i += 2) {
      jumps = opcodes[i] == layout.loop_opcodes[0] || opcodes[i] == layout.loop_opcodes[1];
    }
    calls.release(bytes);
  }
  handlers.end_own_work();
  return jumps;
}

// Whether the event of a line can be turned off. The first line of a function begins when the
// function is entered, unless a loop jumps back to it. The new frame says as much as the event
// does.
bool says_nothing(void* code, const Position& position) {
  if (is_every_entry_wanted) return false;
  const auto first = detail::load<std::int32_t>(code, layout.code_first_traceable);
  if (position.code != code || position.instruction != (first + 1) * 2) return false;
  std::atomic<const void*>& slot = loop_slot(code);
  if (slot.load(std::memory_order_relaxed) == code) return false;
  if (!jumps_backward(code)) return true;
  slot.store(code, std::memory_order_relaxed);
  return false;
}

// The first argument is the code object. The second one is the number of the line or instruction: a
// new object unless the number is small.
template <Probe kProbe>
void* tell(void*, void* const* arguments, std::intptr_t count) {
  if (count < 2) return calls.none;  // immortal from 3.12 on
  handlers.on_made_for_probe(arguments[1]);
  const void* const state = python->current_thread_state();
  Position position;
  // If returns are not recorded, only the caller matters.
  const bool is_wanted = kProbe != Probe::Return || is_every_entry_wanted;
  if (state == nullptr || (is_wanted && !position_in(*python, state, position))) return calls.none;
  const void* const caller = kProbe == Probe::Return ? caller_in(*python, state) : nullptr;
  handlers.on_probe(kProbe, position, caller);
  if (kProbe != Probe::Line || calls.disable == nullptr || !says_nothing(arguments[0], position)) {
    return calls.none;
  }
  calls.retain(calls.disable);
  return calls.disable;
}

constinit Callback on_entry = {"on_entry", tell<Probe::Entry>, kFastCall, nullptr};
constinit Callback on_line = {"on_line", tell<Probe::Line>, kFastCall, nullptr};
constinit Callback on_return = {"on_return", tell<Probe::Return>, kFastCall, nullptr};

struct Subscription {
  const char* event;  // of sys.monitoring.events
  Callback* callback;
};
constexpr Subscription kSubscriptions[] = {
    {"PY_START", &on_entry},   {"PY_RESUME", &on_entry},  {"PY_THROW", &on_entry},
    {"LINE", &on_line},        {"PY_RETURN", &on_return}, {"PY_YIELD", &on_return},
    {"PY_UNWIND", &on_return},
};

// The numbers without an agreed use (debugger 0, coverage 1, profiler 2), then that of the
// optimizer.
constexpr int kTools[] = {4, 3, 5};

bool succeeded(void* result) {
  if (result == nullptr) {
    calls.clear_error();
    return false;
  }
  calls.release(result);
  return true;
}

// Takes a free number of a tool. -1: there is none.
int take_tool(void* monitoring) {
  for (const int tool : kTools) {
    if (succeeded(calls.call_method(monitoring, "use_tool_id", "is", tool, "pymemflow"))) {
      return tool;
    }
  }
  return -1;
}

// Returns the bit of the event, or 0 if it could not be subscribed to.
int subscribe(void* monitoring, void* events, int tool, const Subscription& subscription) {
  void* const number = calls.attribute(events, subscription.event);
  if (number == nullptr) {
    calls.clear_error();
    return 0;
  }
  const int bit = static_cast<int>(calls.as_long(number));
  calls.release(number);
  void* const function = calls.new_function(subscription.callback, nullptr, nullptr, nullptr);
  if (function == nullptr) {
    calls.clear_error();
    return 0;
  }
  void* const result =
      calls.call_method(monitoring, "register_callback", "iiN", tool, bit, function);
  return succeeded(result) ? bit : 0;
}

// False: the interpreter is not ready yet.
bool install_tool() {
  void* const monitoring = calls.sys_object("monitoring");
  if (monitoring == nullptr) return false;
  void* const events = calls.attribute(monitoring, "events");
  if (events == nullptr) {
    calls.clear_error();
    return false;
  }
  calls.disable = calls.attribute(monitoring, "DISABLE");  // one object for all interpreters
  if (calls.disable == nullptr) calls.clear_error();
  const int tool = take_tool(monitoring);
  int wanted = 0;
  if (tool >= 0) {
    for (const Subscription& subscription : kSubscriptions) {
      if (!is_every_entry_wanted && &subscription == kSubscriptions) continue;
      wanted |= subscribe(monitoring, events, tool, subscription);
    }
    succeeded(calls.call_method(monitoring, "set_events", "ii", tool, wanted));
    is_any_monitored.store(true, std::memory_order_relaxed);
  }
  calls.release(events);
  return true;
}

template <typename Function>
bool find(Function& function, const char* name) {
  function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  return function != nullptr;
}

}  // namespace

bool find_monitoring(const Interpreter& interpreter, const TraceLayout& found,
                     const ProbeHandlers& wanted, bool every_entry) {
  python = &interpreter;
  layout = found;
  handlers = wanted;
  is_every_entry_wanted = every_entry;
  return find(calls.current_interpreter, "PyInterpreterState_Get") &&
         find(calls.interpreter_id, "PyInterpreterState_GetID") &&
         find(calls.sys_object, "PySys_GetObject") &&
         find(calls.attribute, "PyObject_GetAttrString") &&
         find(calls.call_method, "PyObject_CallMethod") &&
         find(calls.new_function, "PyCMethod_New") && find(calls.as_long, "PyLong_AsLong") &&
         find(calls.retain, "Py_IncRef") && find(calls.release, "Py_DecRef") &&
         find(calls.fetch_error, "PyErr_Fetch") && find(calls.restore_error, "PyErr_Restore") &&
         find(calls.clear_error, "PyErr_Clear") && find(calls.none, "_Py_NoneStruct");
}

void monitor_this_interpreter() {
  const std::int64_t id = calls.interpreter_id(calls.current_interpreter());
  if (id < 0 || id >= kMaxInterpreters) return;
  // Before the work, which calls this function again.
  if (monitored[id].exchange(true, std::memory_order_relaxed)) return;
  void *type, *value, *traceback;
  calls.fetch_error(&type, &value, &traceback);
  handlers.begin_own_work();
  if (!install_tool()) monitored[id].store(false, std::memory_order_relaxed);
  handlers.end_own_work();
  calls.restore_error(type, value, traceback);
}

bool is_monitoring() {
  return is_any_monitored.load(std::memory_order_relaxed);
}

}  // namespace pymemflow::pyframe
