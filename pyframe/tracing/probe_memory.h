#pragma once
// What the interpreter allocates for no other reason than that it is probed, told from what it
// would allocate anyway:
//   3.7 to 3.11  a bound method for each call of a built-in method
//   3.11         a frame object for each call, and an array of the lines of each code object
//   3.12 on      the tables of instrumented code
// (Objects that come with an event are told of by the event: ProbeHandlers::on_made_for_probe.)
// Asked from inside the allocator, on the thread that allocates; only loads.

#include <cstddef>

#include "pyframe/frame.h"
#include "pyframe/interpreter.h"
#include "pyframe/layouts/trace_layout.h"
#include "pyframe/tracing/probes.h"

namespace pymemflow::pyframe {

// At start-up. False: a type is missing.
bool find_probe_memory(const Interpreter& interpreter, const TraceLayout& layout,
                       const ProbeHandlers& handlers);

// Whether these bytes are those of a method that is being bound (ProbeHandlers::set_binding).
bool is_bound_method(std::size_t bytes);

// Whether these bytes are asked for in order to trace anything else.
bool is_memory_for_probes(const Interpreter& interpreter, ThisThread& thread, std::size_t bytes);

}  // namespace pymemflow::pyframe
