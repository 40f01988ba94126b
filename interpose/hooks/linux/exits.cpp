// The functions that end a process and exist only on Linux. See exits.cpp.

#include "interpose/hooks/exits.h"

#include "interpose/originals/originals.h"
#include "platform/here.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

PMF_HOOK(__attribute__((noreturn)) void, quick_exit)(int status) noexcept {
  before_end();
  real.quick_exit(status);
  __builtin_unreachable();
}

PMF_HOOK(int, execvpe)
(const char* file, char* const* arguments, char* const* environment) noexcept {
  const auto check = [=] { return is_found_in_path(file); };
  return around_exec(could_work(check), [=] { return real.execvpe(file, arguments, environment); });
}

PMF_HOOK(int, execveat)
(int folder, const char* path, char* const* arguments, char* const* environment,
 int flags) noexcept {
  return around_exec(true,
                     [=] { return real.execveat(folder, path, arguments, environment, flags); });
}

PMF_HOOK(int, fexecve)(int file, char* const* arguments, char* const* environment) noexcept {
  return around_exec(true, [=] { return real.fexecve(file, arguments, environment); });
}
