#pragma once
// Probes: the events that a Python built with DTrace reports. A function is entered, a line begins,
// a function returns (or yields, or is left by an exception). install_probes() is for start-up,
// outside every hook, before the interpreter runs. The events come on the threads that run Python,
// with the GIL held, between two instructions or inside one that calls, never inside an allocator.
//
// Up to 3.11 they come from one trace function per thread (PyEval_SetTrace), from 3.12 on from one
// tool of sys.monitoring per interpreter. The latter is cheaper, creates no frame objects, and
// leaves the trace function to the program.
//
// Probes are installed from the tp_call slot of `type`. The first instance of a Python class is
// created while the import system starts, long before the program, with the GIL held and where
// Python may be called. The slot exists in every version, costs the program nothing else, and is
// also used by a thread that C code created, by a subinterpreter, and after the program has removed
// its own trace function. (Audit hooks came with 3.8, cannot be removed, and make the interpreter
// create a tuple for each event.) A thread that Python starts is probed before it starts:
// probe_new_thread().

#include <cstdint>

#include "pyframe/frame.h"
#include "pyframe/interpreter.h"

namespace pymemflow::pyframe {

enum class Probe : std::uint8_t { Entry, Line, Return };

struct ProbeHandlers {
  // `caller` is the frame that continues after a Return; null: none does.
  void (*on_probe)(Probe probe, const Position& position, const void* caller);
  // The interpreter created this object only to report an event, and will free it.
  void (*on_made_for_probe)(const void* object);
  // Between these two calls, the allocations of this thread are made for the probes.
  void (*begin_own_work)();
  void (*end_own_work)();
  // The interpreter is about to bind a method in order to trace its call, or has done so.
  void (*set_binding)(bool is_binding);
};

// False: this version cannot be probed (versions.def), or a function is missing. From 3.12 on,
// without `every_entry`, an Entry comes only when a generator continues: a function that was just
// entered is known by its frame (probed_position()), and the first line of a function without loops
// is reported once.
bool install_probes(const Interpreter& interpreter, const ProbeHandlers& handlers,
                    bool every_entry);

enum class Probed : std::uint8_t {
  Yes,
  NotYet,        // the probes are not installed for this thread yet
  SomebodyElse,  // a trace function of the program has replaced the probes (up to 3.11)
};
// For the thread of this state, on that thread.
Probed probed(const void* state);

// Call before a thread is created, on the thread `self` that creates it. If Python creates the
// thread, it is probed from its first instruction.
void probe_new_thread(std::uintptr_t self);

// The latest reports of the probes of a thread.
struct LastProbe {
  Position named{};               // by an Entry or a Line; without code: a Return followed
  const void* cleared = nullptr;  // the frame that continues after that Return
};

// Finds the position of the calling thread according to the D script's variables. False: they name
// no position. The thread must be probed().
bool probed_position(const Interpreter& interpreter, const void* state, const LastProbe& last,
                     Position& position);

}  // namespace pymemflow::pyframe
