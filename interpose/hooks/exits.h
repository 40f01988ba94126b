#pragma once
// The ends of a process that run no exit handler: _exit and its kin, and exec. The hooks in
// exits.cpp call what is set here, before the process or its image ends.

#include <cerrno>

namespace pymemflow::interpose {

struct EndHandlers {
  // The process ends now.
  void (*before_end)() = nullptr;
  // The image is about to be replaced. If that fails, after_failed_exec() follows.
  void (*before_exec)() = nullptr;
  void (*after_failed_exec)() = nullptr;
};

extern constinit EndHandlers end_handlers;

// Looks the originals up; at start-up only. The second is for those that only this system has
// (platform/<system>_exits.cpp), and is called by the first.
void find_exits();
void find_more_exits();

// --- for the hooks -------------------------------------------------------------------------------

// The process ends now.
void before_end();

bool is_executable(const char* path);
// Whether execvp would find something to run. (It runs what has no known format with a shell.)
bool is_found_in_path(const char* file);

bool is_announced(bool could_work);

// Runs an exec between the handlers. Programs try one place of the PATH after the other, so one
// that is sure to fail (`could_work` is false) is not announced.
template <typename Exec>
int around_exec(bool could_work, Exec exec) {
  const bool is_told = is_announced(could_work);
  if (is_told) end_handlers.before_exec();
  const int outcome = exec();
  const int error = errno;
  if (is_told) end_handlers.after_failed_exec();
  errno = error;
  return outcome;
}

}  // namespace pymemflow::interpose
