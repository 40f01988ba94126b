#include "pyframe/interpreter.h"

#include <dlfcn.h>

#include <cstring>

namespace pymemflow::pyframe {
namespace {

constexpr std::size_t kMaxVersion = 32;

// Interpreter::version outlives the copies of Interpreter; there is one CPython a process.
constinit char version_text[kMaxVersion] = "";

struct Version {
  int major = 0;
  int minor = 0;
  bool is_early = false;  // alpha or beta: layouts still move between these
};

const void* find_object(const char* name) {
  return dlsym(RTLD_DEFAULT, name);
}

template <typename Function>
bool find_call(const char* name, Function& call) {
  call = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  return call != nullptr;
}

// 3.6 has the state of finalization as a variable only.
constinit const void* const* finalizing_3_6 = nullptr;

int is_finalizing_3_6() {
  return __atomic_load_n(finalizing_3_6, __ATOMIC_RELAXED) != nullptr ? 1 : 0;
}

int read_number(const char*& text) {
  int number = 0;
  for (; *text >= '0' && *text <= '9' && number < 10000; ++text) {
    number = number * 10 + (*text - '0');
  }
  return number;
}

// Of "3.13.0rc1 (main, ...)".
Version read_version(const char* text) {
  Version version;
  version.major = read_number(text);
  if (*text == '.') version.minor = read_number(++text);
  if (*text == '.') read_number(++text);
  version.is_early = *text == 'a' || *text == 'b';
  return version;
}

void keep_version(const char* text) {
  std::size_t length = 0;
  while (length + 1 < kMaxVersion && text[length] != '\0' && text[length] != ' ') ++length;
  std::memcpy(version_text, text, length);
  version_text[length] = '\0';
}

// Exported by builds that count references in a total (--with-pydebug, --with-trace-refs), and by
// no other: _Py_RefTotal up to 3.12, _Py_NegativeRefcount in all.
bool is_debug_build() {
  return find_object("_Py_RefTotal") != nullptr || find_object("_Py_NegativeRefcount") != nullptr;
}

bool find_calls(Interpreter& interpreter) {
  // The same answer under three names; the older names were taken away in time.
  const bool has_current =
      find_call("PyThreadState_GetUnchecked", interpreter.current_thread_state) ||
      find_call("_PyThreadState_GetCurrent", interpreter.current_thread_state) ||
      find_call("_PyThreadState_UncheckedGet", interpreter.current_thread_state);
  if (has_current) interpreter.state_slot = find_state_slot(interpreter.current_thread_state);
  const bool has_own = find_call("PyGILState_GetThisThreadState", interpreter.own_thread_state);
  if (!find_call("Py_IsFinalizing", interpreter.is_finalizing) &&
      !find_call("_Py_IsFinalizing", interpreter.is_finalizing)) {
    finalizing_3_6 = static_cast<const void* const*>(find_object("_Py_Finalizing"));
    if (finalizing_3_6 == nullptr) return false;
    interpreter.is_finalizing = is_finalizing_3_6;
  }
  if (!interpreter.current_is_per_thread &&
      (!find_call("PyInterpreterState_Head", interpreter.first_interpreter) ||
       !find_call("PyInterpreterState_Next", interpreter.next_interpreter))) {
    return false;
  }
  return has_current && has_own;
}

bool find_types(Interpreter& interpreter) {
  interpreter.code_type = find_object("PyCode_Type");
  interpreter.text_type = find_object("PyUnicode_Type");
  interpreter.bytes_type = find_object("PyBytes_Type");
  return interpreter.code_type != nullptr && interpreter.text_type != nullptr &&
         interpreter.bytes_type != nullptr;
}

// Catches what the version does not tell: a patched interpreter, another object header. The type is
// static data of the interpreter, complete before it starts.
bool has_layout(const void* code_type, const FrameLayout& layout) {
  const char* type = static_cast<const char*>(code_type);
  std::int64_t basic_size;
  std::memcpy(&basic_size, type + kTypeBasicSize, sizeof basic_size);
  return basic_size == layout.code_basic_size;
}

// Null when the frames of this interpreter can be read.
const char* reason_to_refuse(const char* text, Interpreter& interpreter) {
  if (sizeof(void*) != 8) return "not a 64-bit build";
  if (std::strstr(text, "free-threading") != nullptr) return "free-threaded build";
  const Version version = read_version(text);
  const FrameLayout* layout = find_layout(version.major, version.minor);
  if (layout == nullptr) return "this version is not supported";
  if (version.is_early) return "alpha or beta version";
  if (is_debug_build()) return "debug build";
  interpreter.layout = *layout;
  interpreter.current_is_per_thread = version.minor >= 12;
  if (!find_types(interpreter) || !find_calls(interpreter)) return "its C API is incomplete";
  if (!has_layout(interpreter.code_type, *layout)) return "its objects differ from the release's";
  return nullptr;
}

}  // namespace

Interpreter find_interpreter() {
  const char* (*get_version)() = nullptr;
  Interpreter interpreter;
  if (!find_call("Py_GetVersion", get_version)) return interpreter;
  const char* text = get_version();
  keep_version(text);
  const char* reason = reason_to_refuse(text, interpreter);
  if (reason != nullptr) {
    interpreter = Interpreter{.reason = reason};
    find_call("PyGILState_GetThisThreadState", interpreter.own_thread_state);
  }
  interpreter.status = reason == nullptr ? InterpreterStatus::Known : InterpreterStatus::Unknown;
  interpreter.version = version_text;
  return interpreter;
}

}  // namespace pymemflow::pyframe
