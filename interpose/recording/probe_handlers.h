#pragma once
// Connects the probes of the interpreter (pyframe/tracing/probes.h) with the recorder: notes in the
// thread's writer where the thread is (ProbeState), records entries and returns, and gives the
// memory that the interpreter requests only for the probes out of an arena of its own.

#include "interpose/recording/probe_attribution.h"
#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

// At start-up, before the recording starts. False: this interpreter cannot be probed.
bool start_probes(const pyframe::Interpreter& interpreter, const ProbeUse& use);

}  // namespace pymemflow::interpose
