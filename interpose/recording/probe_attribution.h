#pragma once
// Attributes events to the function or line that the D script's probes would name. The script keeps
// the position of the last probe in thread-local variables; here the writer of each thread has it
// (ProbeState). A function that is entered and a line that begins name themselves, a return names
// nothing. probe_handlers.h fills the state in, the recorder asks for it. On the thread of the
// event.

#include <cstdint>

#include "capture/record.h"
#include "options/options.h"
#include "pyframe/frame.h"
#include "pyframe/interpreter.h"
#include "pyframe/tracing/probes.h"

namespace pymemflow::interpose {

struct Writer;

// The uses of probes: either one, or both.
struct ProbeUse {
  Attribution attribution = Attribution::Frame;
  bool call_stack = false;  // a record of each entry and return
  explicit operator bool() const { return attribution == Attribution::Probe || call_stack; }
};

// Finds the position of the calling thread by its last probe; a thread without a probe of ours is
// at its running frame. `last` is of the thread's own writer; `writer` may be borrowed for the
// event. `is_found` becomes false where neither names a position.
pyframe::Probed probed_position(const pyframe::Interpreter& interpreter, Writer& writer,
                                const pyframe::LastProbe& last, pyframe::Position& position,
                                bool& is_found);

// Whether the block exists only because of the probes; then the call is not an event.
bool is_for_probes(Writer& writer, std::uint64_t address, bool is_release);

// Notes that `record`, the last one of this writer, is of this allocated block. It may turn out
// later that the block was made for a probe, and then the record is taken back.
void note_recorded(Writer& writer, Word* record, std::uint64_t address, std::uint64_t bytes);

}  // namespace pymemflow::interpose
