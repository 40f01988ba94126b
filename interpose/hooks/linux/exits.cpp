// The ways to end a process that Linux has on top of those of exits.cpp.

#include "interpose/hooks/exits.h"

#include "platform/here.h"
#include "platform/platform.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {
namespace {

struct Exits {
  __attribute__((noreturn)) void (*quick_exit)(int) = nullptr;
  int (*execvpe)(const char*, char* const*, char* const*) = nullptr;
  int (*execveat)(int, const char*, char* const*, char* const*, int) = nullptr;
  int (*fexecve)(int, char* const*, char* const*) = nullptr;
};
constinit Exits found;

// A constructor that runs before ours may come here.
const Exits& originals() {
  if (found.quick_exit == nullptr) find_more_exits();
  return found;
}

}  // namespace

void find_more_exits() {
  platform::find_original(found.quick_exit, "quick_exit");
  platform::find_original(found.execvpe, "execvpe");
  platform::find_original(found.execveat, "execveat");
  platform::find_original(found.fexecve, "fexecve");
}

}  // namespace pymemflow::interpose

PMF_HOOK(__attribute__((noreturn)) void, quick_exit)(int status) noexcept {
  before_end();
  originals().quick_exit(status);
}

PMF_HOOK(int, execvpe)
(const char* file, char* const* arguments, char* const* environment) noexcept {
  return around_exec(is_found_in_path(file),
                     [=] { return originals().execvpe(file, arguments, environment); });
}

PMF_HOOK(int, execveat)
(int folder, const char* path, char* const* arguments, char* const* environment,
 int flags) noexcept {
  return around_exec(
      true, [=] { return originals().execveat(folder, path, arguments, environment, flags); });
}

PMF_HOOK(int, fexecve)(int file, char* const* arguments, char* const* environment) noexcept {
  return around_exec(true, [=] { return originals().fexecve(file, arguments, environment); });
}
