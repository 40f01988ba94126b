#pragma once
// The recording of this process: all state of the recording side. Constant initialised, so that a
// hook that runs before any constructor finds it off.

#include <atomic>
#include <cstdint>

#include "interpose/recording/blocks/destination.h"
#include "interpose/recording/probe_attribution.h"
#include "interpose/recording/site_table.h"
#include "interpose/recording/stacks/stack_table.h"
#include "interpose/recording/turn.h"
#include "interpose/recording/writer_pool.h"
#include "platform/resident.h"
#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

enum class Phase : std::uint8_t {
  Off,     // never started, or could not be
  On,      // unless it is paused: see Recording::gate
  Failed,  // the capture cannot grow: what happens now is counted as lost
  Ended,   // the report is being made
};

// The target of the gate while nothing is being recorded.
inline constinit std::uint32_t shut_gate = 1;

struct Recording {
  std::atomic<Phase> phase{Phase::Off};
  // Points to the word that a hook reads first; a hook records only if the word is 0. In the phases
  // On and Failed it is the control word of the capture (capture/block.h), which another process
  // may set too: `pymemflow stop PID`.
  std::atomic<std::uint32_t*> gate{&shut_gate};
  Phase phase_before_end = Phase::Off;
  // The error number, kLimitReached or kTruncated that led to the phase Failed.
  std::atomic<int> failure{0};
  // The program has forbidden system calls that the recording needs.
  std::atomic<bool> are_calls_forbidden{false};
  // Events that were attributed to the running frame because a trace function of the program had
  // replaced the probes.
  std::atomic<std::uint64_t> not_probed{0};
  // The process was forked after the recording began. Its id may be that of the one that was
  // started, if it is in a process id namespace of its own.
  bool is_forked_child = false;
  std::uint64_t process_namespace = 0;  // with destination.process, tells the process
  // Called in a forked child, in a hook, when its recording begins: 0. With an error number,
  // kLimitReached or kForbidden, it cannot record.
  void (*on_forked_child)(int error) = nullptr;
  // Called when a code object dies, with the GIL held and outside the allocator; may be null.
  void (*on_code_death)() = nullptr;
  CaptureSettings settings;
  std::uint64_t metadata_blocks = 0;
  ForkSensitive* fork_sensitive = nullptr;
  Stripe* stripes = nullptr;
  std::uint64_t started_ns = 0;                  // CLOCK_MONOTONIC: the zero of stamps
  std::atomic<std::uint64_t> epoch_moved_ns{0};  // CLOCK_MONOTONIC
  WriterId writer_before_end = kNobody;
  pyframe::Interpreter interpreter;
  ProbeUse probes;
  Destination destination;
  platform::ResidentSet resident;
  WriterPool writers;
  SiteTable sites;
  StackTable stacks;
  SiteId short_sites = kShortSites;  // sites from here on have long records
  std::uint32_t max_stack = 0;       // frames that a stack may have; 0: no stacks are recorded
  bool has_native_frames = false;
  bool is_evaluation_marked = false;  // native frames above Python frames can be told
  // A Python thread state was seen: this process did run Python.
  std::atomic<bool> python_ran{false};
};

// The recorder, the probe handlers and the hooks name this global: a hook has no other way to reach
// the recording, and passing it on would cost the hot path a register. The files below them
// (blocks, writers, windows, sites, probe attribution) get what they need as parameters.
// Hidden: without that, the hooks would look up its address before each use.
extern constinit Recording recording __attribute__((visibility("hidden")));

// Starts recording. 0, or an error number, and then nothing is recorded.
int start_recording(const pyframe::Interpreter& interpreter, const CaptureSettings& settings = {},
                    const ProbeUse& probes = {});

// Whether the calling process is the one that records. A child that runs in its parent's memory
// (vfork) is not. Asks the kernel for the process id.
bool is_recording_process();

// Whether this number is a descriptor of the recording, and the program has not put another file in
// its place.
bool is_own_descriptor(int number);

// Pauses or resumes the recording. Marks are recorded during a pause, events are not. False: there
// is no recording. In a forked child without a recording of its own this would pause the parent's:
// call require_own_recording() first.
bool set_paused(bool is_paused);
bool is_paused();

// Stops the recording because the capture cannot grow. The hooks count lost events from then on.
// Any thread.
void fail_recording(int error);

// Ends the recording, and writes to the capture how it ended. False: there was no recording.
// resume_recording() undoes it after a failed exec.
bool end_recording(EndKind kind = EndKind::Exit);
void resume_recording();

// The program is about to forbid system calls. Goes on in memory that is mapped now, without a
// system call; what does not fit, and the events of threads that begin later, are lost. False:
// nobody could read the capture later, since it has no name, or nothing can be mapped.
// record_with_calls() undoes it, after the filter was refused.
bool record_in_memory_alone();
void record_with_calls();

// After end_recording(): counts what happens from here on as lost, in the mapped head of the
// capture, and makes no system call. The capture has no end then. A forked child records nothing.
void count_alone();

// Starts the recording of a forked child, at its first event. It replaces the parent's in the
// child. False: the child cannot record.
//
// The memory of the parent's recording is given back, and so is its address space where it is not
// used again: unless the thread forked in a signal handler that had interrupted the recorder, which
// goes on with that memory when the handler returns.
enum class OldMemory : std::uint8_t { GiveBack, Keep };
bool become_new_process(OldMemory old_memory);

}  // namespace pymemflow::interpose
