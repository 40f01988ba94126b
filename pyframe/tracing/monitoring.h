#pragma once
// Probes by sys.monitoring, which came with 3.12: a tool in each interpreter. On the thread that
// holds the GIL, where Python may be called.

#include "pyframe/layouts/trace_layout.h"
#include "pyframe/tracing/probes.h"

namespace pymemflow::pyframe {

// At start-up. False: a function is missing. `every_entry`: see install_probes().
bool find_monitoring(const Interpreter& interpreter, const TraceLayout& layout,
                     const ProbeHandlers& handlers, bool every_entry);

// Installs the tool in the interpreter of the current thread, unless it is installed already or the
// interpreter is not ready.
void monitor_this_interpreter();

// Whether any interpreter has the tool.
bool is_monitoring();

}  // namespace pymemflow::pyframe
