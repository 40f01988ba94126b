#pragma once
// The events of sys.monitoring, which came with 3.12: a tool of ours in each interpreter. On the
// thread that holds the GIL, where Python may be called.

#include "pyframe/layouts/trace_layout.h"
#include "pyframe/tracing/probes.h"

namespace pymemflow::pyframe {

// At start-up. False: a call is missing. `every_entry`: see install_probes().
bool find_monitoring(const Interpreter& interpreter, const TraceLayout& layout,
                     const ProbeHandlers& handlers, bool every_entry);

// Installs the tool in the interpreter of the current thread, unless it is there already or cannot
// be yet.
void monitor_this_interpreter();

// Whether a tool of ours is in any interpreter.
bool is_monitoring();

}  // namespace pymemflow::pyframe
