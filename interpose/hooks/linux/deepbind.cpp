// Warns about libraries that are loaded with RTLD_DEEPBIND. The loader gives them the functions of
// their own dependencies instead of the hooks: their calls of malloc() are not recorded, while the
// matching free() may be. The flag stays as the program sets it; a message names the library.

#include <dlfcn.h>

#include <atomic>
#include <cerrno>

#include "interpose/hooks/deep_binding.h"
#include "interpose/hooks/loaded_code.h"
#include "interpose/originals/jump.h"
#include "interpose/originals/originals.h"
#include "interpose/recording/recording.h"
#include "platform/here.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace {

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
  if (path != nullptr && (mode & RTLD_DEEPBIND) != 0) tell(path);
  note_libraries();
  PMF_RETURN real.dlopen.function(path, mode);
}
