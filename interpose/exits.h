#pragma once
// The ends of a process that run no exit handler: _exit and its kin, and exec. The hooks in
// exits.cpp call what is set here, before the process or its image ends.

namespace pymemflow::interpose {

struct EndHandlers {
  // The process ends now.
  void (*before_end)() = nullptr;
  // The image is about to be replaced. If that fails, after_failed_exec() follows.
  void (*before_exec)() = nullptr;
  void (*after_failed_exec)() = nullptr;
};

extern constinit EndHandlers end_handlers;

// Looks the originals up; at start-up only.
void find_exits();

}  // namespace pymemflow::interpose
