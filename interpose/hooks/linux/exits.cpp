// The functions that end a process and exist only on Linux, and those that start one. See
// exits.cpp.

#include "interpose/hooks/exits.h"

#include <spawn.h>

#include <cstdio>
#include <cstdlib>

#include "interpose/hooks/process_log.h"
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
  return around_exec(could_work(check), {file, arguments, environment},
                     [=] { return real.execvpe(file, arguments, environment); });
}

PMF_HOOK(int, execveat)
(int folder, const char* path, char* const* arguments, char* const* environment,
 int flags) noexcept {
  return around_exec(true, {path, arguments, environment},
                     [=] { return real.execveat(folder, path, arguments, environment, flags); });
}

PMF_HOOK(int, fexecve)(int file, char* const* arguments, char* const* environment) noexcept {
  return around_exec(true, {nullptr, arguments, environment},
                     [=] { return real.fexecve(file, arguments, environment); });
}

namespace {

template <typename Spawn>
int spawn(const StartedProgram& program, pid_t* child, Spawn spawn) {
  SpawnNote note(program);
  pid_t process = 0;
  const int error = spawn(&process);
  if (error != 0) return error;
  note.keep(static_cast<std::uint32_t>(process));
  if (child != nullptr) *child = process;
  return 0;
}

}  // namespace

PMF_HOOK(int, posix_spawn)
(pid_t* child, const char* path, const posix_spawn_file_actions_t* actions,
 const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) {
  return spawn({path, arguments, environment}, child, [=](pid_t* process) {
    return real.posix_spawn(process, path, actions, attributes, arguments, environment);
  });
}

PMF_HOOK(int, posix_spawnp)
(pid_t* child, const char* file, const posix_spawn_file_actions_t* actions,
 const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) {
  return spawn({file, arguments, environment}, child, [=](pid_t* process) {
    return real.posix_spawnp(process, file, actions, attributes, arguments, environment);
  });
}

PMF_HOOK(int, system)(const char* command) {
  note_shell(command);
  return real.system(command);
}

PMF_HOOK(FILE*, popen)(const char* command, const char* mode) {
  note_shell(command);
  return real.popen(command, mode);
}
