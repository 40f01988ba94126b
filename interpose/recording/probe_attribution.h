#pragma once
// What the D script's probes leave in its thread-local variables, kept in the writer of each
// thread: a function that is entered and a line that begins name themselves, a return names
// nobody. The probes themselves come from pyframe/tracing/probes.h; here they are noted, and an
// event asks.

#include "capture/record.h"
#include "options/options.h"
#include "pyframe/frame.h"
#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

struct Call;
struct Writer;

// Probes are wanted for one of these, or both.
struct ProbeUse {
  Attribution attribution = Attribution::Frame;
  bool call_stack = false;  // a record of each entry and return
  explicit operator bool() const { return attribution == Attribution::Probe || call_stack; }
};

// At start-up, before the recording starts. False: not for this interpreter.
bool start_probes(const pyframe::Interpreter& interpreter, const ProbeUse& use);

// Where the D script's variables say that an event of this thread is; false: they name nobody.
// `writer` may be one that is borrowed for the event.
bool probed_position(Writer& writer, pyframe::Position& position);

// Whether the call is of a block that exists only because of the probes: no event.
bool is_for_probes(Writer& writer, const Call& call);

// That `record`, the last one of this writer, is of a block handed out: in case it turns out that
// it was for a probe.
void note_recorded(Writer& writer, Word* record, const Call& call);

}  // namespace pymemflow::interpose
