#pragma once
// The recording of this process: everything that the hook side knows, in one place. Constant
// initialised, so that a hook that runs before any constructor finds it off.

#include <atomic>
#include <cstdint>

#include "interpose/recording/blocks/destination.h"
#include "interpose/recording/probe_attribution.h"
#include "interpose/recording/site_table.h"
#include "interpose/recording/turn.h"
#include "interpose/recording/writer_pool.h"
#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

enum class Phase : std::uint8_t {
  Off,     // never started, or could not be
  On,      // unless it is paused: see Recording::gate
  Failed,  // the capture cannot grow: what happens now is counted as lost
  Ended,   // the report is being made
};

// What a gate points at while there is nothing to record.
inline constinit std::uint32_t shut_gate = 1;

struct Recording {
  std::atomic<Phase> phase{Phase::Off};
  // What a hook looks at first, and alone if it finds anything but 0 there. While the phase is On
  // or Failed it is the control word of the capture (block.h), which another process may set as
  // well: `pymemflow stop PID`.
  std::atomic<std::uint32_t*> gate{&shut_gate};
  Phase phase_before_end = Phase::Off;
  // Ended by whoever comes first; `failure` is the error number, or kLimitReached, behind Failed.
  std::atomic<int> failure{0};
  // Events that the probes had to leave to the running frame: a trace function of the program was
  // in their place.
  std::atomic<std::uint64_t> not_probed{0};
  std::uint32_t first_process = 0;  // whose forked children the others are
  CaptureSettings settings;
  std::uint64_t metadata_blocks = 0;
  ForkSensitive* fork_sensitive = nullptr;
  pyframe::Interpreter interpreter;
  ProbeUse probes;
  Destination destination;
  WriterPool writers;
  SiteTable sites;
  // A Python thread state was seen: this process did run Python.
  std::atomic<bool> python_ran{false};
};

// The recorder, the probe handlers and the hooks name this global: a hook has no other way to reach
// the recording, and passing it on would cost the hot path a register. The files below them
// (blocks, writers, windows, sites, probe attribution) get what they need as parameters.
extern constinit Recording recording;

// Starts recording. 0, or an error number, and then nothing is recorded.
int start_recording(const pyframe::Interpreter& interpreter, const CaptureSettings& settings = {},
                    const ProbeUse& probes = {});

// Events of the meantime are not recorded; marks are. False: the recording is not on. In a forked
// child that has no recording of its own yet it would be the parent's that is paused: see
// require_own_recording().
bool set_paused(bool is_paused);
bool is_paused();

// The capture cannot grow: nobody records from here on, the hooks only count. Any thread.
void fail_recording(int error);

// Ends it: events from now on are not recorded, and the file says that this was how it ended.
// False: it was not on. `resume_recording` undoes it, for an exec that failed.
bool end_recording(EndKind kind = EndKind::Exit);
void resume_recording();

// Of a forked child, at its first event: a recording of its own takes the place of the parent's.
// False: it cannot record.
bool become_new_process();

}  // namespace pymemflow::interpose
