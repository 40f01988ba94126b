#pragma once
// The events that a Python built with DTrace reports: a function is entered, a line begins, a
// function returns (or yields, or is left by an exception). install_probes() belongs outside every
// hook, at start-up, before the interpreter runs; the events come on the threads that run Python,
// with the GIL held, between two instructions or inside one that calls, never inside an allocator.
//
// Up to 3.11 they come from a trace function, one a thread (PyEval_SetTrace); from 3.12 on from
// sys.monitoring, one tool an interpreter: that is cheaper, makes no frame objects, and leaves the
// trace function to whoever wants one.
//
// The way in is the tp_call slot of `type`: the first instance of a Python class is made while the
// import system starts, long before the program, with the GIL held and at a place where Python may
// be called. It is there in every version, costs the program nothing else, and comes by again for a
// thread that C code brought, for a subinterpreter, and once the program's own trace function is
// gone. (Audit hooks came with 3.8, cannot be taken back, and make the interpreter build a tuple
// for each event.) A thread that Python starts is probed before it starts: probe_new_thread().

#include <cstdint>

#include "pyframe/frame.h"
#include "pyframe/interpreter.h"

namespace pymemflow::pyframe {

enum class Probe : std::uint8_t { Entry, Line, Return };

struct ProbeHandlers {
  // `caller` is the frame that goes on after a Return; null: none does.
  void (*on_probe)(Probe probe, const Position& position, const void* caller);
  // The interpreter made this object only in order to tell of an event, and will free it.
  void (*on_made_for_probe)(const void* object);
  // Between these two, what is allocated on this thread is on our account.
  void (*begin_own_work)();
  void (*end_own_work)();
  // The interpreter is about to bind a method in order to trace its call, or has done so.
  void (*set_binding)(bool is_binding);
};

// False: this interpreter has no row in the table of trace layouts, or lacks a call. From 3.12 on
// an Entry comes only if `every_entry`, and else only of a generator that goes on: a function that
// was just entered is known by its frame (probed_position()), and the first line of one without
// loops is told of once.
bool install_probes(const Interpreter& interpreter, const ProbeHandlers& handlers,
                    bool every_entry);

enum class Probed : std::uint8_t {
  Yes,
  NotYet,        // Python has not come by the way in
  SomebodyElse,  // a trace function of the program has taken the place of ours (up to 3.11)
};
// Of the thread of this state. Any thread may ask of itself.
Probed probed(const void* state);

// Before a thread is created, on the thread `self` that creates it: if that is Python creating one
// of its own, the new one is probed from its first instruction.
void probe_new_thread(std::uintptr_t self);

// What the probes of a thread said last.
struct LastProbe {
  Position named{};               // by an Entry or a Line; no code: there was a Return since
  const void* cleared = nullptr;  // the frame that goes on after that Return
};

// Where the D script's variables say that a thread is; false: they name nobody. Only of the calling
// thread, which must be probed().
bool probed_position(const Interpreter& interpreter, const void* state, const LastProbe& last,
                     Position& position);

}  // namespace pymemflow::pyframe
