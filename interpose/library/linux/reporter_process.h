#pragma once
// The reporter: the library file, started as a program (report/reporter), in a process that the
// host does not notice. On the stacks of the end (end_stacks.h), by system calls alone.
//
// An intermediate process shares the host's memory, so that nothing is copied, and has the exit
// signal 0, so that it raises no SIGCHLD and no waitpid(-1) finds it. An exec would give it SIGCHLD
// back: so it never executes anything, but starts the reporter, waits for it and ends. It outlives
// the reporter, which would otherwise fall to a host that is process 1 or adopts orphans.

#include <cstdint>

namespace pymemflow::interpose {

// Arguments, environment and descriptors of the reporter.
struct ReporterStart {
  const char* const* arguments;    // without the first; null at the end
  const char* const* environment;  // the whole of it
  int capture;                     // becomes its descriptor 3
  int windows = -1;                // becomes its descriptor 5; -1: it needs none
  int standard_error;              // becomes its descriptor 4; -1: there is none
  int output;                      // becomes its descriptor 1; -1: it opens its output by name
};

struct ReporterEnd {
  int refused = 0;  // error number for which it could not be started
  int status = 0;   // as wait4(2) has it
  // False: the process that waits for the reporter was killed, and the reporter perhaps, too.
  bool is_known = false;
};

// Finds the paths of the library file and of its loader; at start-up only.
void find_reporter();

// Starts it, and returns when it has ended.
ReporterEnd run_reporter(const ReporterStart& start);

}  // namespace pymemflow::interpose
