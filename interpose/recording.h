#pragma once
// The recording of this process: everything that the hook side knows, in one place. Constant
// initialised, so that a hook that runs before any constructor finds it off.

#include <atomic>
#include <cstdint>

#include "interpose/capture_file.h"
#include "interpose/probes.h"
#include "interpose/site_table.h"
#include "interpose/turn.h"
#include "interpose/writer_pool.h"
#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

enum class Phase : std::uint8_t {
  Off,  // never started, or could not be
  On,
  Paused,  // until set_paused(false)
  Failed,  // the capture cannot grow: what happens now is counted as lost
  Ended,   // the report is being made
};

struct Recording {
  std::atomic<Phase> phase{Phase::Off};
  Phase phase_before_end = Phase::Off;
  // Ended by whoever comes first; `failure` is the error number, or kLimitReached, behind Failed.
  std::atomic<int> failure{0};
  // Events that the probes had to leave to the running frame: a trace function of the program was
  // in their place.
  std::atomic<std::uint64_t> not_probed{0};
  std::uint32_t process = 0;
  std::uint32_t first_process = 0;  // whose forked children the others are
  CaptureSettings settings;
  std::uint32_t ring_blocks = 0;  // a writer; Ring only
  std::uint64_t fact_blocks = 0;
  ForkSensitive* fork_sensitive = nullptr;
  pyframe::Interpreter interpreter;
  ProbeUse probes;
  CaptureFile file;
  WriterPool writers;
  SiteTable sites;
  // A Python thread state was seen: this process did run Python.
  std::atomic<bool> python_ran{false};
};

extern constinit Recording recording;

// Starts recording. 0, or an error number, and then nothing is recorded.
int start_recording(const pyframe::Interpreter& interpreter, const CaptureSettings& settings = {},
                    const ProbeUse& probes = {});

// Events of the meantime are not recorded. False: it is neither on nor paused.
bool set_paused(bool is_paused);

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
