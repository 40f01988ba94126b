#pragma once
// The ends of a process that run no exit handlers: _exit and its relatives, and exec; and the end
// of what the library may do in it. The hooks in exits.cpp and <system>/exits.cpp call the handlers
// set here before the process or its image ends.

#include <cerrno>

#include "interpose/hooks/process_log.h"

namespace pymemflow::interpose {

struct EndHandlers {
  // Called when the process ends.
  void (*before_end)() = nullptr;
  // Called when an exec is about to replace the program; after_failed_exec() follows if it fails.
  void (*before_exec)() = nullptr;
  void (*after_failed_exec)() = nullptr;
  // Called when the program is about to forbid a system call that the library needs, by its number.
  // `permits_getpid`: the ends of the process can still be told from those of its children. True:
  // after_filter() is to follow. Linux only.
  bool (*before_filter)(long forbidden, bool permits_getpid) = nullptr;
  // False: the filter was refused.
  void (*after_filter)(bool is_installed) = nullptr;
};

extern constinit EndHandlers end_handlers;

// --- for the hooks -------------------------------------------------------------------------------

// Calls the handler for the end of the process.
void before_end();

// The program has forbidden system calls of the library by a filter.
bool are_checks_forbidden();
bool is_executable(const char* path);
// Whether execvp() would find a file to run; it runs a file of an unknown format with a shell.
bool is_found_in_path(const char* file);

// Whether the handlers are to be called around an exec.
bool is_announced(bool could_work);

// Whether an exec may work, so that its handlers are to be called. Where the program has forbidden
// the system calls of `check`, each may.
template <typename Check>
bool could_work(Check check) {
  if (end_handlers.before_exec == nullptr) return false;
  return are_checks_forbidden() || check();
}

// Runs an exec between the handlers. Programs try one folder of PATH after the other, so an exec
// that is sure to fail (`could_work` is false) does not call them.
template <typename Exec>
int around_exec(bool could_work, const StartedProgram& program, Exec exec) {
  const ExecNote note(program);
  const bool is_told = is_announced(could_work);
  if (is_told) end_handlers.before_exec();
  const int outcome = exec();
  const int error = errno;
  if (is_told) end_handlers.after_failed_exec();
  errno = error;
  return outcome;
}

}  // namespace pymemflow::interpose
