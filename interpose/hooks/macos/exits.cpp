// The functions that end a process and exist only on macOS: an exec with a search path given by the
// caller, and a posix_spawn() that acts as an exec (the python3 of a framework build uses it).

#include "interpose/hooks/exits.h"

#include <spawn.h>
#include <unistd.h>

#include "interpose/originals/originals.h"
#include "platform/here.h"
#include "platform/process.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

namespace pymemflow::interpose {
namespace {

bool is_exec(const posix_spawnattr_t* attributes) {
  short flags = 0;
  return attributes != nullptr && ::posix_spawnattr_getflags(attributes, &flags) == 0 &&
         (flags & POSIX_SPAWN_SETEXEC) != 0;
}

}  // namespace

}  // namespace pymemflow::interpose

PMF_HOOK(int, execvP)(const char* file, const char* path, char* const* arguments) noexcept {
  return around_exec(true, {file, arguments, platform::environment()},
                     [=] { return real.execvP(file, path, arguments); });
}

PMF_HOOK(int, posix_spawn)
(pid_t* child, const char* path, const posix_spawn_file_actions_t* actions,
 const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) noexcept {
  const bool could_work = is_exec(attributes) && is_executable(path) && platform::could_run(path);
  return around_exec(could_work, {path, arguments, environment}, [=] {
    return real.posix_spawn(child, path, actions, attributes, arguments, environment);
  });
}

PMF_HOOK(int, posix_spawnp)
(pid_t* child, const char* file, const posix_spawn_file_actions_t* actions,
 const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) noexcept {
  const bool could_work = is_exec(attributes) && is_found_in_path(file);
  return around_exec(could_work, {file, arguments, environment}, [=] {
    return real.posix_spawnp(child, file, actions, attributes, arguments, environment);
  });
}
