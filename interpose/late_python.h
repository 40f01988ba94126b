#pragma once
// An interpreter that comes after us: a program that loads libpython when it has run for a while,
// or a second one. Symbols may be looked up in a call of the loader's that the program makes, never
// in an allocator hook; whoever loads a library goes on with dlsym(), to get at what is in it, so
// that is where we look: at the libraries that have come since the last look, before the program
// has its first pointer into them.

#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

// Called with the first interpreter, on the thread that is about to use it.
using OnPython = void (*)(const pyframe::Interpreter& interpreter);

// Called with the name of each function that the program looks up: an extension module's, when it
// is imported.
using OnLookup = void (*)(const char* name);

// Looks at what is loaded already, and from now on at what comes. Every interpreter but the first
// is named in one line and left alone. At start-up only.
void watch_for_python(OnPython on_python, OnLookup on_lookup);

}  // namespace pymemflow::interpose
