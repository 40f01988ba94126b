// Gives the scripts of tests/process the results of pyframe, to compare with the interpreter's own
// (probe.py is the Python half). Loaded by ctypes. Includes no Python header, so that one build
// serves every version.

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "pyframe/code.h"
#include "pyframe/code_death.h"
#include "pyframe/frame.h"
#include "pyframe/interpreter.h"
#include "pyframe/layouts/build_layout.h"
#include "pyframe/line_table.h"
#include "pyframe/self_check.h"

#define PROBE extern "C" __attribute__((visibility("default")))

namespace {

using namespace pymemflow::pyframe;

const Interpreter interpreter = find_interpreter();

ThisThread& self() {
  thread_local ThisThread thread =
      this_thread(interpreter, static_cast<std::uintptr_t>(pthread_self()));
  return thread;
}

template <typename Function>
Function api(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

// The public C API, by which the interpreter is asked.
struct Api {
  int (*ensure_gil)() = api<int (*)()>("PyGILState_Ensure");
  void (*release_gil)(int) = api<void (*)(int)>("PyGILState_Release");
  void* (*get_frame)() = api<void* (*)()>("PyEval_GetFrame");
  int (*get_line)(void*) = api<int (*)(void*)>("PyFrame_GetLineNumber");
  void* (*get_attribute)(void*, const char*) =
      api<void* (*)(void*, const char*)>("PyObject_GetAttrString");
  void* (*encode)(void*, const char*, const char*) =
      api<void* (*)(void*, const char*, const char*)>("PyUnicode_AsEncodedString");
  const char* (*bytes)(void*) = api<const char* (*)(void*)>("PyBytes_AsString");
  long (*number)(void*) = api<long (*)(void*)>("PyLong_AsLong");
  void (*release)(void*) = api<void (*)(void*)>("Py_DecRef");
};
const Api python;

std::string utf8(const Text& text) {
  std::string out(utf8_size(text), '\0');
  write_utf8(text, out.data());
  return out;
}

std::int32_t line(const Code& code, std::int32_t instruction) {
  return line_of(code.line_table_format, {code.line_table, code.line_table_bytes}, code.first_line,
                 instruction);
}

std::string ours() {
  Position position;
  if (!current_position(interpreter, self(), position)) return "no frame";
  Code code;
  if (!describe_code(interpreter, position.code, code)) return "not a code object";
  return utf8(code.filename) + "\n" + utf8(code.name) + "\n" +
         std::to_string(line(code, position.instruction)) + "\n" +
         std::to_string(position.instruction);
}

std::string text_attribute(void* object, const char* name) {
  void* text = python.get_attribute(object, name);
  void* bytes = python.encode(text, "utf-8", "surrogatepass");
  std::string out = python.bytes(bytes);
  python.release(bytes);
  python.release(text);
  return out;
}

std::string theirs() {
  void* frame = python.get_frame();
  if (frame == nullptr) return "no frame";
  void* code = python.get_attribute(frame, "f_code");
  void* instruction = python.get_attribute(frame, "f_lasti");
  std::string out = text_attribute(code, "co_filename") + "\n" + text_attribute(code, "co_name") +
                    "\n" + std::to_string(python.get_line(frame)) + "\n" +
                    std::to_string(python.number(instruction));
  python.release(instruction);
  python.release(code);
  return out;
}

void copy(const std::string& text, char* out, int size) {
  std::snprintf(out, static_cast<std::size_t>(size), "%s", text.c_str());
}

// A consumer's table of the code objects it has seen, as short as it can be.
std::mutex names_mutex;
std::unordered_map<const void*, std::string> names;
std::atomic<long> deaths{0};
std::atomic<long> deaths_while_current{0};

void forget(const void* code) {
  ++deaths;
  Position position;
  if (current_position(interpreter, self(), position) && position.code == code) {
    ++deaths_while_current;
  }
  std::lock_guard lock(names_mutex);
  names.erase(code);
}

}  // namespace

PROBE int probe_status(char* out, int size) {
  copy(std::string(interpreter.version) + "\n" + interpreter.reason, out, size);
  return static_cast<int>(interpreter.status);
}

PROBE void probe_compare_with_gil(char* our_text, char* their_text, int size) {
  copy(ours(), our_text, size);
  copy(theirs(), their_text, size);
}

PROBE void probe_compare_without_gil(char* our_text, char* their_text, int size) {
  copy(ours(), our_text, size);
  const int state = python.ensure_gil();
  copy(theirs(), their_text, size);
  python.release_gil(state);
}

// The destructor of a capsule: called by the interpreter itself, between two frames as well.
std::string ours_at_destruction, theirs_at_destruction;

PROBE void probe_destroy(void*) {
  ours_at_destruction = ours();
  theirs_at_destruction = theirs();
}

PROBE void probe_take_destruction(char* our_text, char* their_text, int size) {
  copy(ours_at_destruction, our_text, size);
  copy(theirs_at_destruction, their_text, size);
  ours_at_destruction = theirs_at_destruction = "";
}

namespace {

// The offsets of a layout, by the names that they have in pyframe/layouts/layout.h.
struct Field {
  const char* name;
  std::uint16_t FrameLayout::*offset;
};
#define FIELD(name) \
  { #name, &FrameLayout::name }
constexpr Field kFields[] = {
    FIELD(tstate_frame),  FIELD(tstate_thread_id),     FIELD(cframe_current),
    FIELD(frame_back),    FIELD(frame_code),           FIELD(frame_position),
    FIELD(frame_globals), FIELD(frame_object),         FIELD(object_line),
    FIELD(frame_owner),   FIELD(frame_bytecode_index), FIELD(code_filename),
    FIELD(code_name),     FIELD(code_first_line),      FIELD(code_line_table),
    FIELD(code_bytecode), FIELD(code_basic_size),      FIELD(code_bytecodes),
    FIELD(ascii_data),    FIELD(compact_data)};
#undef FIELD

}  // namespace

// Writes the layout in use as lines of "name=value".
PROBE void probe_layout(char* out, int size) {
  const FrameLayout& layout = interpreter.layout;
  std::string text;
  const auto add = [&text](const char* name, int value) {
    text += std::string(name) + "=" + std::to_string(value) + "\n";
  };
  for (const Field& field : kFields) add(field.name, layout.*field.offset);
  add("shim_owner", layout.shim_owner);
  add("text_kind_bit", layout.text_kind_bit);
  add("header_growth", layout.header_growth);
  copy(text, out, size);
}

// The check of the running frame: 0 undecided, 1 right, 2 wrong; with the offset `name`, when there
// is one, off by `by` bytes. 3: the interpreter's types tell already; -1: there is no such offset.
PROBE int probe_check(const char* name, int by) {
  Interpreter changed = interpreter;
  for (const Field& field : kFields) {
    if (std::strcmp(field.name, name) != 0) continue;
    std::uint16_t& offset = changed.layout.*field.offset;
    if (offset == 0 && field.offset != &FrameLayout::frame_code) return -1;
    offset = static_cast<std::uint16_t>(offset + by);
  }
  const BuildFacts facts{.types = {interpreter.code_type, interpreter.text_type,
                                   interpreter.bytes_type, api<const void*>("PyFrame_Type")},
                         .runtime = nullptr,
                         .is_free_threaded = interpreter.is_free_threaded};
  if (!types_agree(facts, changed.layout)) return 3;
  return static_cast<int>(check_running_frame(changed, self()));
}

// Reads the position `reads` times from within one C call, and returns the number of reads that
// differ from the first.
PROBE int probe_stay(int reads, int pause_us) {
  Position first{};
  int strangers = current_position(interpreter, self(), first) ? 0 : 1;
  for (int i = 1; i < reads; ++i) {
    Position position{};
    const bool found = current_position(interpreter, self(), position);
    strangers += !found || position.code != first.code || position.instruction != first.instruction;
    if (i % 10 == 0) usleep(static_cast<useconds_t>(pause_us));
  }
  return strangers;
}

// Reads the position `reads` times in a thread that Python never saw, and returns the number of
// reads that found a frame.
PROBE int probe_foreign_thread(int reads, int pause_us) {
  int frames = 0;
  std::thread foreign([&] {
    for (int i = 0; i < reads; ++i) {
      Position position;
      frames += current_position(interpreter, self(), position);
      if (i % 10 == 0) usleep(static_cast<useconds_t>(pause_us));
    }
  });
  foreign.join();
  return frames;
}

// Whether the current state is read rather than asked for, here and on a new thread.
PROBE int probe_reads_state() {
  bool is_read_elsewhere = false;
  std::thread([&] { is_read_elsewhere = self().slot != nullptr; }).join();
  return self().slot != nullptr && is_read_elsewhere;
}

// Whether the key that is found without a call is right here: 0: yes; 1: it is not found; 2: no.
PROBE int probe_at_once() {
  static const char here = 0;
  const std::uint64_t found = current_key_at_once(interpreter, self(), &here);
  const std::uint64_t key = current_key(interpreter, self());
  if (found == 0) return 1;
  return found == (key != 0 ? key : caller_key(&here)) ? 0 : 2;
}

// The largest result on a thread of C that has a thread state now and then, each time a new one.
PROBE int probe_at_once_on_foreign_thread(int rounds) {
  int worst = 0;
  std::thread([&] {
    for (int i = 0; i < rounds; ++i) {
      const int without = probe_at_once();
      const int state = python.ensure_gil();
      const int with = probe_at_once();
      python.release_gil(state);
      worst = std::max({worst, without, with, probe_at_once()});
    }
  }).join();
  return worst;
}

// For a daemon thread: reads on while the interpreter finalizes and the process ends. With a pause,
// because a reader that is preempted within the few nanoseconds of a read is not safe there
// (pyframe/frame.cpp), and one that does nothing but read is preempted nowhere else.
PROBE void probe_until_exit(int pause_us) {
  while (true) {
    Position position;
    if (current_key_at_once(interpreter, self(), &position) == 0) {
      current_position(interpreter, self(), position);
    }
    usleep(static_cast<useconds_t>(pause_us));
  }
}

// The lines of instructions 0, 2, 4 ...; the count, or -1.
PROBE int probe_lines(const void* object, std::int32_t* out, int count) {
  Code code;
  if (!describe_code(interpreter, object, code)) return -1;
  const int instructions = static_cast<int>(code.bytecode_bytes / 2);
  for (int i = 0; i < instructions && i < count; ++i) out[i] = line(code, 2 * i);
  return instructions;
}

PROBE int probe_is_described(const void* object) {
  Code code;
  return describe_code(interpreter, object, code);
}

PROBE int probe_notice_deaths() {
  return notice_code_deaths(interpreter, forget);
}
PROBE long probe_deaths() {
  return deaths;
}
PROBE long probe_deaths_while_current() {
  return deaths_while_current;
}

// The file name by a table of code objects already seen: described once, then believed.
PROBE void probe_believed_name(char* out, int size) {
  Position position;
  if (!current_position(interpreter, self(), position)) return copy("no frame", out, size);
  std::lock_guard lock(names_mutex);
  std::string& name = names[position.code];
  Code code;
  if (name.empty() && describe_code(interpreter, position.code, code)) name = utf8(code.filename);
  copy(name, out, size);
}

PROBE double probe_nanoseconds(int reads) {
  ThisThread& thread = self();
  std::uintptr_t sum = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < reads; ++i) {
    Position position;
    if (current_position(interpreter, thread, position)) {
      sum += reinterpret_cast<std::uintptr_t>(position.code) + position.instruction;
    }
    asm volatile("" : : "r"(sum) : "memory");
  }
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
  return time.count() / reads;
}
