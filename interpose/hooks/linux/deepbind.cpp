// Libraries that are loaded with RTLD_DEEPBIND find their own dependencies' functions before ours:
// what they ask of malloc() is no event, and what they are given may show up in a free() all the
// same. The flag is the program's to set, so it stays; one line says what is not seen.

#include <dlfcn.h>

#include <atomic>
#include <cerrno>

#include "interpose/hooks/deep_binding.h"
#include "interpose/originals/jump.h"
#include "interpose/recording/recording.h"
#include "platform/here.h"
#include "platform/platform.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {
constinit OnDeepBinding on_deep_binding = nullptr;
}

namespace {

using Open = void* (*)(const char* path, int mode);

constinit std::atomic<Open> found = nullptr;
constinit std::atomic_flag is_told = ATOMIC_FLAG_INIT;

void tell(const char* path) {
  if (on_deep_binding == nullptr) return;
  if (recording.phase.load(std::memory_order_relaxed) == Phase::Off) return;
  if (is_told.test_and_set(std::memory_order_relaxed)) return;
  const int saved = errno;
  on_deep_binding(path);
  errno = saved;
}

}  // namespace

PMF_HOOK(PMF_JUMP void*, dlopen)(const char* path, int mode) noexcept {
  Open original = found.load(std::memory_order_relaxed);
  if (original == nullptr) {
    original = reinterpret_cast<Open>(platform::find_original("dlopen"));
    found.store(original, std::memory_order_relaxed);
  }
  if (path != nullptr && (mode & RTLD_DEEPBIND) != 0) tell(path);
  PMF_RETURN original(path, mode);
}
