#pragma once
// Recognizes memory that the interpreter allocates only because it is probed:
//   3.7 to 3.11  a bound method for each call of a built-in method
//   3.11         a frame object for each call, and an array of the lines of each code object
//   3.12 on      the tables of instrumented code
// (Objects that come with an event are reported by ProbeHandlers::on_made_for_probe.) Called from
// inside the allocator, on the thread that allocates; reads memory and does nothing else.

#include <cstddef>

#include "pyframe/frame.h"
#include "pyframe/interpreter.h"
#include "pyframe/layouts/trace_layout.h"
#include "pyframe/tracing/probes.h"

namespace pymemflow::pyframe {

// At start-up. False: a type is missing.
bool find_probe_memory(const Interpreter& interpreter, const TraceLayout& layout,
                       const ProbeHandlers& handlers);

// Whether a block of this size is that of a method being bound (ProbeHandlers::set_binding).
bool is_bound_method(std::size_t bytes);

// Whether a block of this size is requested for any other purpose of tracing.
bool is_memory_for_probes(const Interpreter& interpreter, ThisThread& thread, std::size_t bytes);

}  // namespace pymemflow::pyframe
