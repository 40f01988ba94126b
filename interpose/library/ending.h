#pragma once
// Handles the end of the process, or of its image: closes the capture and has the report made. The
// end may begin anywhere: in a handler of a signal that interrupted malloc() or the loader, on a
// stack of a few hundred bytes, with a cancellation pending, while other threads hold any locks. So
// the work runs on a stack of the library's own, with all signals of this thread blocked, and by
// system calls alone (linux/ending.cpp). macOS has no process that its host cannot see, and makes
// the report here (macos/ending.cpp).

#include <cstdint>
#include <span>

#include "capture/block.h"
#include "options/resolve.h"

namespace pymemflow::interpose {

// Finds the path of the library file, which cannot be looked up at the end. At start-up only.
void prepare_end();
// Maps the stacks of the end. When the recording begins.
void map_end_stacks();

// Runs work(kind). One at a time: a second thread that ends the process waits until the first has
// done its work. Before an exec the thread has its signals as they were when this returns; before
// an exit, those that came meanwhile are dropped, since the process would be gone without the
// library.
void run_end(EndKind kind, void (*work)(EndKind kind));

struct ReportRequest {
  ReportOptions options;
  int capture = -1;       // descriptor
  int windows = -1;       // descriptor of NAME.windows; -1: all is in the capture
  const char* name = "";  // of the capture; empty: it has none
  std::uint32_t process = 0;
  bool is_of_forked_child = false;
  EndKind kind = EndKind::Exit;
};

// Gives a name to a record that has none, in the folder of its disk, and writes the path to `path`.
// 0, or an error number: a record in memory can have no name.
int name_record(int file, std::uint32_t process, std::span<char> path);

// Has the report made, and says what is lost where that fails. Within the work of run_end() only.
void make_report(const ReportRequest& request);

}  // namespace pymemflow::interpose
