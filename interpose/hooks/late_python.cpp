#include "interpose/hooks/late_python.h"

#include <dlfcn.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <span>

#include "interpose/originals/jump.h"
#include "interpose/originals/originals.h"
#include "interpose/recording/own_work.h"
#include "platform/here.h"
#include "platform/loader.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {
namespace {

constexpr const char* kVersionFunction = "Py_GetVersion";
constexpr int kMaxPythons = 8;
constexpr std::size_t kMaxPath = 512;

constinit PythonHandlers told;
constinit std::atomic<std::uint64_t> libraries_seen{0};
constinit std::atomic_flag is_looking = ATOMIC_FLAG_INIT;

struct Python {
  const char* (*get_version)() = nullptr;  // its address identifies the interpreter
  char path[kMaxPath] = {};
};

// The interpreters that were found; the first `known` of them have been reported. Used by the
// thread that searches.
struct Pythons {
  Python all[kMaxPythons] = {};
  int count = 0;
  int known = 0;
};
constinit Pythons pythons;

void note(const char* path, void* address, void*) {
  const auto get_version = reinterpret_cast<const char* (*)()>(address);
  for (const Python& python : std::span(pythons.all, static_cast<std::size_t>(pythons.count))) {
    if (python.get_version == get_version) return;
  }
  const std::size_t path_bytes = std::strlen(path) + 1;
  if (pythons.count == kMaxPythons || path_bytes > kMaxPath) return;
  Python& python = pythons.all[pythons.count++];
  python.get_version = get_version;
  std::memcpy(python.path, path, path_bytes);
}

// Looks symbols up in the loader's global order if it has this interpreter first, since a program
// may have copies of a library's objects. Keeps the library from being unloaded, since hooks call
// it.
void begin_with(const Python& python, pyframe::Arrival arrival) {
  const bool is_global =
      real.dlsym(RTLD_DEFAULT, kVersionFunction) == reinterpret_cast<void*>(python.get_version);
  void* library = nullptr;
  if (python.path[0] != '\0') library = ::dlopen(python.path, RTLD_LAZY | RTLD_NOLOAD);
  const bool is_found = is_global || library != nullptr;
  if (is_found) {
    pyframe::Interpreter found = pyframe::find_interpreter(is_global ? nullptr : library, arrival);
    found.path = python.path;
    told.on_python(found);
  }
  platform::forget_loader_error();
}

void leave_alone(const Python& python) {
  const std::string_view text = python.get_version();
  const std::string_view path = python.path[0] == '\0' ? "the program itself" : python.path;
  told.on_further_python(text.substr(0, text.find(' ')), path);
}

// One thread at a time searches. A thread that finds a search in progress does not wait for it.
void look(pyframe::Arrival arrival) {
  if (is_looking.test_and_set(std::memory_order_acquire)) return;
  const int saved = errno;
  const OwnWork own_work;
  libraries_seen.store(platform::count_added_libraries(), std::memory_order_relaxed);
  platform::visit_definitions(kVersionFunction, note, nullptr);
  for (; pythons.known < pythons.count; ++pythons.known) {
    const Python& python = pythons.all[pythons.known];
    if (pythons.known == 0) {
      begin_with(python, arrival);
    } else {
      leave_alone(python);
    }
  }
  errno = saved;
  is_looking.clear(std::memory_order_release);
}

}  // namespace

void watch_for_python(const PythonHandlers& handlers) {
  if (!real.dlsym) return;
  told = handlers;
  look(pyframe::Arrival::AtStart);
}

}  // namespace pymemflow::interpose

PMF_HOOK(PMF_JUMP void*, dlsym)(void* library, const char* name) noexcept {
  if (told.on_python != nullptr &&
      platform::count_added_libraries() != libraries_seen.load(std::memory_order_relaxed)) {
    look(pymemflow::pyframe::Arrival::Late);
  }
  if (told.on_lookup != nullptr) told.on_lookup(name);
  PMF_RETURN real.dlsym.function(library, name);
}
