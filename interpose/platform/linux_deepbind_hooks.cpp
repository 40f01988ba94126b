// Libraries that are loaded with RTLD_DEEPBIND find their own dependencies' functions before ours:
// what they ask of malloc() is no event, and what they are given may show up in a free() all the
// same. The flag is the program's to set, so it stays; one line says what is not seen.

#include <dlfcn.h>

#include <atomic>
#include <cerrno>

#include "interpose/jump.h"
#include "interpose/log.h"
#include "interpose/platform/here.h"
#include "interpose/platform/platform.h"
#include "interpose/recording.h"

using namespace pymemflow::interpose;

namespace {

using Open = void* (*)(const char* path, int mode);

constinit std::atomic<Open> found = nullptr;
constinit std::atomic_flag is_said = ATOMIC_FLAG_INIT;

void say_deep(const char* path) {
  if (recording.phase.load(std::memory_order_relaxed) == Phase::Off) return;
  if (is_said.test_and_set(std::memory_order_relaxed)) return;
  const int saved = errno;
  say({path,
       " is loaded with RTLD_DEEPBIND: its calls of malloc() may go past this library, and "
       "are not seen then"});
  errno = saved;
}

}  // namespace

PMF_HOOK(PMF_JUMP void*, dlopen)(const char* path, int mode) noexcept {
  Open original = found.load(std::memory_order_relaxed);
  if (original == nullptr) {
    original = reinterpret_cast<Open>(platform::find_original("dlopen"));
    found.store(original, std::memory_order_relaxed);
  }
  if (path != nullptr && (mode & RTLD_DEEPBIND) != 0) say_deep(path);
  PMF_RETURN original(path, mode);
}
