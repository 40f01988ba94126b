#include "interpose/recording.h"

#include <cerrno>

#include "interpose/platform/platform.h"
#include "pyframe/code_death.h"
#include "pyframe/self_check.h"

namespace pymemflow::interpose {

constinit Recording recording;

namespace {

// Everything that a process has for itself. 0, or an error number.
int set_up_process() {
  recording.process = platform::process_id();
  recording.failure.store(0, std::memory_order_relaxed);
  recording.lost.store(0, std::memory_order_relaxed);
  recording.python_ran.store(false, std::memory_order_relaxed);
  recording.sites.clear();
  if (!recording.writers.create()) return ENOMEM;
  return recording.file.create(recording.process);
}

void open_for_events() {
  ForkSensitive& shared = *recording.fork_sensitive;
  shared.turn.store(kNobody, std::memory_order_relaxed);
  // Matched by the acquire with which the recorder looks whether it is in a new process.
  shared.initialized.store(kReady, std::memory_order_release);
  recording.phase.store(Phase::On, std::memory_order_release);
}

// Code objects die from the interpreter's own start on (that of each module once it has run), with
// the GIL held and outside of the allocator: the place to see whether frames are read right.
void on_code_death(const void* code) {
  if (!pyframe::check_at_start(recording.interpreter, {platform::thread_self()})) {
    recording.sites.forget_remembered();
  }
  recording.sites.forget(code);
}

}  // namespace

int start_recording(const pyframe::Interpreter& interpreter) {
  recording.interpreter = interpreter;
  recording.fork_sensitive =
      static_cast<ForkSensitive*>(platform::map_zero_in_child(kFileAlignment));
  if (recording.fork_sensitive == nullptr) return ENOMEM;
  if (const int error = set_up_process()) return error;
  pyframe::notice_code_deaths(interpreter, on_code_death);
  open_for_events();
  return 0;
}

bool end_recording() {
  const Phase before = recording.phase.load(std::memory_order_relaxed);
  if (before != Phase::On && before != Phase::Failed) return false;
  // A forked child that recorded nothing has nothing of its own.
  if (recording.fork_sensitive->initialized.load(std::memory_order_acquire) != kReady) return false;
  recording.phase.store(Phase::Ended, std::memory_order_relaxed);
  // The stamp stays, for resume_recording().
  std::atomic<std::uint64_t>& turn = recording.fork_sensitive->turn;
  turn.fetch_or(kClosed, std::memory_order_relaxed);
  return true;
}

void resume_recording() {
  recording.phase.store(Phase::On, std::memory_order_relaxed);
  std::atomic<std::uint64_t>& turn = recording.fork_sensitive->turn;
  turn.fetch_and(~std::uint64_t{kClosed}, std::memory_order_relaxed);
}

bool become_new_process() {
  ForkSensitive& shared = *recording.fork_sensitive;
  std::uint32_t expected = kNewProcess;
  if (!shared.initialized.compare_exchange_strong(expected, kBeingSetUp,
                                                  std::memory_order_acquire)) {
    return expected == kReady;  // another thread of the child was faster, or is at it
  }
  if (const int error = set_up_process()) {
    recording.failure.store(error, std::memory_order_relaxed);
    recording.phase.store(Phase::Off, std::memory_order_relaxed);
    return false;
  }
  open_for_events();
  return true;
}

}  // namespace pymemflow::interpose
