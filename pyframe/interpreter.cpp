#include "pyframe/interpreter.h"

#include <dlfcn.h>

#include <atomic>
#include <cstring>

#include "platform/thread_values.h"
#include "pyframe/layouts/build_layout.h"
#include "pyframe/layouts/versions.h"

namespace pymemflow::pyframe {
namespace {

constexpr std::size_t kMaxVersion = 32;

// Interpreter::version outlives the copies of Interpreter; only one CPython per process is traced.
constinit char version_text[kMaxVersion] = "";

struct VersionText {
  int major = 0;
  int minor = 0;
  bool is_early = false;  // alpha or beta: layouts still move between these
};

// The scope in which symbols are looked up.
struct Library {
  void* handle;  // null: the loader's global order

  void* find(const char* name) const {
    return dlsym(handle != nullptr ? handle : RTLD_DEFAULT, name);
  }

  template <typename Function>
  bool find(const char* name, Function& call) const {
    call = reinterpret_cast<Function>(find(name));
    return call != nullptr;
  }
};

// In 3.6 finalization is only visible in a variable.
constinit const void* const* finalizing_3_6 = nullptr;

int is_finalizing_3_6() {
  return __atomic_load_n(finalizing_3_6, __ATOMIC_RELAXED) != nullptr ? 1 : 0;
}

// From 3.12 on thread states are thread-local variables of libpython. In a library that was loaded
// after the start, and always on macOS, their first use on a thread may make the loader allocate
// them, by the hook of malloc(), in the middle of a read. That hook must not read again.
constinit StateGetter unguarded_own = nullptr;
constinit StateGetter unguarded_current = nullptr;

void* ask_guarded(StateGetter ask) {
  static constinit char yes = 0;
  if (platform::thread_value(platform::ThreadValue::IsAsking) != nullptr) return nullptr;
  platform::set_thread_value(platform::ThreadValue::IsAsking, &yes);
  void* const state = ask();
  platform::set_thread_value(platform::ThreadValue::IsAsking, nullptr);
  return state;
}

void guard_states(Interpreter& interpreter) {
  unguarded_own = interpreter.own_thread_state;
  unguarded_current = interpreter.current_thread_state;
  if (unguarded_own != nullptr) {
    interpreter.own_thread_state = [] { return ask_guarded(unguarded_own); };
  }
  if (unguarded_current != nullptr) {
    interpreter.current_thread_state = [] { return ask_guarded(unguarded_current); };
  }
}

int read_number(const char*& text) {
  int number = 0;
  for (; *text >= '0' && *text <= '9' && number < 10000; ++text) {
    number = number * 10 + (*text - '0');
  }
  return number;
}

// Parses "3.13.0rc1 (main, ...)".
VersionText read_version(const char* text) {
  VersionText version;
  version.major = read_number(text);
  if (*text == '.') version.minor = read_number(++text);
  if (*text == '.') read_number(++text);
  version.is_early = *text == 'a' || *text == 'b';
  return version;
}

bool is_too_old(VersionText version) {
  const FrameLayout& first = known_versions().front().frame;
  return version.major < first.major ||
         (version.major == first.major && version.minor < first.minor);
}

void keep_version(const char* text) {
  std::size_t length = 0;
  while (length + 1 < kMaxVersion && text[length] != '\0' && text[length] != ' ') ++length;
  std::memcpy(version_text, text, length);
  version_text[length] = '\0';
}

// After the calls. Where a variable is not found, the getter is called.
void find_own_state(Interpreter& interpreter) {
  OwnState& own = interpreter.own_state;
  own.finalizing = interpreter.is_finalizing == is_finalizing_3_6
                       ? finalizing_3_6
                       : find_tested_variable(interpreter.is_finalizing);
  if (own.finalizing == nullptr) return;
  if (!interpreter.current_is_per_thread) {
    const StateSlot slot = find_state_slot(interpreter.first_interpreter);
    if (slot.kind != StateSlot::Kind::Process) return;
    own.newest_interpreter = reinterpret_cast<const void* const*>(slot.place);
  }
  interpreter.own_slot = find_state_slot(interpreter.own_thread_state);
  own.values = platform::find_near_key_values();
}

bool find_calls(const Library& library, Interpreter& interpreter) {
  // The same function has had three names; old names were removed over time.
  const bool has_current =
      library.find("PyThreadState_GetUnchecked", interpreter.current_thread_state) ||
      library.find("_PyThreadState_GetCurrent", interpreter.current_thread_state) ||
      library.find("_PyThreadState_UncheckedGet", interpreter.current_thread_state);
  if (has_current) interpreter.state_slot = find_state_slot(interpreter.current_thread_state);
  const bool has_own = library.find("PyGILState_GetThisThreadState", interpreter.own_thread_state);
  if (!library.find("Py_IsFinalizing", interpreter.is_finalizing) &&
      !library.find("_Py_IsFinalizing", interpreter.is_finalizing)) {
    finalizing_3_6 = static_cast<const void* const*>(library.find("_Py_Finalizing"));
    if (finalizing_3_6 == nullptr) return false;
    interpreter.is_finalizing = is_finalizing_3_6;
  }
  if (!interpreter.current_is_per_thread &&
      (!library.find("PyInterpreterState_Head", interpreter.first_interpreter) ||
       !library.find("PyInterpreterState_Next", interpreter.next_interpreter))) {
    return false;
  }
  if (has_own) find_own_state(interpreter);
  interpreter.evaluate = library.find("_PyEval_EvalFrameDefault");
  Witness& witness = interpreter.witness;
  return has_current && has_own && library.find("PyEval_GetGlobals", witness.globals) &&
         library.find("PyCode_Addr2Line", witness.line) &&
         library.find("PyFrame_GetLineNumber", witness.frame_line) &&
         library.find("PyUnicode_GetLength", witness.length) &&
         library.find("PyUnicode_ReadChar", witness.character);
}

// PyObject_GetArenaAllocator() copies a structure that is initialised from the start.
const void* find_arena_allocator(const Library& library) {
  struct ArenaAllocator {
    void* context;
    void* (*allocate)(void* context, std::size_t bytes);
    void (*release)(void* context, void* arena, std::size_t bytes);
  };
  void (*get)(ArenaAllocator*) = nullptr;
  if (!library.find("PyObject_GetArenaAllocator", get)) return nullptr;
  ArenaAllocator allocator{};
  get(&allocator);
  return reinterpret_cast<const void*>(allocator.allocate);
}

bool find_types(const Library& library, Interpreter& interpreter) {
  interpreter.code_type = library.find("PyCode_Type");
  interpreter.text_type = library.find("PyUnicode_Type");
  interpreter.bytes_type = library.find("PyBytes_Type");
  interpreter.frame_type = library.find("PyFrame_Type");
  return interpreter.code_type != nullptr && interpreter.text_type != nullptr &&
         interpreter.bytes_type != nullptr;
}

// Null when the frames of this interpreter can be read.
const char* reason_to_refuse(const Library& library, VersionText version,
                             Interpreter& interpreter) {
  if (sizeof(void*) != 8) return "not a 64-bit build";
  const pyframe::Version* row = find_version(version.major, version.minor);
  if (row == nullptr) return "this version is not supported";
  if (version.is_early) return "alpha or beta version";
  interpreter.layout = row->frame;
  interpreter.current_is_per_thread = version.minor >= 12;
  if (!find_types(library, interpreter) || !find_calls(library, interpreter)) {
    return "its C API is incomplete";
  }
  interpreter.counts_references = library.find("_Py_RefTotal") != nullptr;
  const BuildFacts facts{.types = {interpreter.code_type, interpreter.text_type,
                                   interpreter.bytes_type, interpreter.frame_type},
                         .runtime = library.find("_PyRuntime"),
                         .is_free_threaded = interpreter.is_free_threaded};
  return fit_layout(facts, interpreter.layout);
}

}  // namespace

Interpreter find_interpreter(void* handle, Arrival arrival) {
  const Library library{handle};
  const char* (*get_version)() = nullptr;
  Interpreter interpreter;
  if (!library.find("Py_GetVersion", get_version)) return interpreter;
  const char* text = get_version();
  keep_version(text);
  interpreter.is_free_threaded = std::strstr(text, "free-threading") != nullptr;
  const VersionText version = read_version(text);
  if (is_too_old(version)) {
    return {.status = InterpreterStatus::TooOld, .version = version_text};
  }
  const char* reason = reason_to_refuse(library, version, interpreter);
  if (reason != nullptr) {
    interpreter = Interpreter{.reason = reason, .is_free_threaded = interpreter.is_free_threaded};
    library.find("Py_IsInitialized", interpreter.is_initialized);
  }
  interpreter.status = reason == nullptr ? InterpreterStatus::Known : InterpreterStatus::Unknown;
  if (reason == nullptr) interpreter.arena_allocator = find_arena_allocator(library);
  AllocatorTables& tables = interpreter.allocator_tables;
  if (!library.find("PyMem_GetAllocator", tables.get) ||
      !library.find("PyMem_SetAllocator", tables.set)) {
    tables = {};
  }
  interpreter.version = version_text;
  if (arrival == Arrival::Late || platform::kThreadLocalsMayAllocate) guard_states(interpreter);
  return interpreter;
}

void distrust(Interpreter& interpreter, const char* reason) {
  interpreter.reason = reason;
  std::atomic_ref(interpreter.status).store(InterpreterStatus::Unknown, std::memory_order_release);
}

}  // namespace pymemflow::pyframe
