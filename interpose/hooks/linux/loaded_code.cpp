// Notices libraries that are no longer loaded. What is known of their code is forgotten then: the
// rules of the unwinder, and the sites of C callers. Libraries that the C library unloads for
// itself are noticed at the program's next dlopen() or dlclose().

#include "interpose/hooks/loaded_code.h"

#include <dlfcn.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "interpose/originals/originals.h"
#include "interpose/recording/recording.h"
#include "interpose/unwind/rules.h"
#include "platform/here.h"
#include "platform/loader.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {
namespace {

// More libraries than that: all code is forgotten whenever one was unloaded.
constexpr std::size_t kMaxLibraries = 2048;

struct Library {
  std::uintptr_t start;
  std::uintptr_t end;
  const char* name;  // the loader's copy, which tells a library that was loaded again
};

struct Libraries {
  Library all[kMaxLibraries];
  std::size_t count;
  bool is_full;
};

// Those of the latest look, and of the one before, by turns. Used by the thread that looks.
constinit Libraries lists[2] = {};
constinit unsigned current = 0;
constinit std::atomic<std::uint32_t> looks{0};  // that are to be made, and one that is going on

void note(const platform::LoadedLibrary& library, void* context) {
  auto& libraries = *static_cast<Libraries*>(context);
  if (libraries.count == kMaxLibraries) {
    libraries.is_full = true;
    return;
  }
  libraries.all[libraries.count++] = {library.start, library.end, library.name};
}

bool has(const Libraries& libraries, const Library& wanted) {
  for (std::size_t i = 0; i < libraries.count; ++i) {
    const Library& library = libraries.all[i];
    if (library.start == wanted.start && library.end == wanted.end && library.name == wanted.name) {
      return true;
    }
  }
  return false;
}

void forget(std::uintptr_t start, std::uintptr_t end) {
  forget_rules({start, end});
  recording.sites.forget_callers(start, end);
}

void look() {
  const Libraries& before = lists[current];
  current ^= 1;
  Libraries& now = lists[current];
  now.count = 0;
  now.is_full = false;
  platform::visit_libraries(note, &now);
  if (before.is_full || now.is_full) {
    forget(0, ~std::uintptr_t{0});
  } else {
    for (std::size_t i = 0; i < before.count; ++i) {
      if (!has(now, before.all[i])) forget(before.all[i].start, before.all[i].end);
    }
  }
  note_loaded_code();
}

}  // namespace

// A thread that finds another one looking does not wait: that one looks once more. A child that is
// forked meanwhile looks no more.
void note_libraries() {
  if (!recording.has_native_frames) return;
  if (looks.fetch_add(1, std::memory_order_acq_rel) != 0) return;
  std::uint32_t seen = 1;
  do {
    seen = looks.load(std::memory_order_acquire);
    look();
  } while (!looks.compare_exchange_strong(seen, 0, std::memory_order_acq_rel));
}

}  // namespace pymemflow::interpose

PMF_HOOK(int, dlclose)(void* library) noexcept {
  note_libraries();
  const int outcome = real.dlclose(library);
  const int saved = errno;
  note_libraries();
  errno = saved;
  return outcome;
}
