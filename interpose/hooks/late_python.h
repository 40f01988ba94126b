#pragma once
// An interpreter that comes after us: a program that loads libpython when it has run for a while,
// or a second one. Symbols may be looked up in a call of the loader's that the program makes, never
// in an allocator hook; whoever loads a library goes on with dlsym(), to get at what is in it, so
// that is where we look: at the libraries that have come since the last look, before the program
// has its first pointer into them.

#include <string_view>

#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

// Called with the first interpreter, on the thread that is about to use it.
using OnPython = void (*)(const pyframe::Interpreter& interpreter);

// Called with the name of each function that the program looks up: an extension module's, when it
// is imported.
using OnLookup = void (*)(const char* name);

// Called once for each further interpreter, which is left alone. The texts live for the call.
using OnFurtherPython = void (*)(std::string_view version, std::string_view path);

struct PythonHandlers {
  OnPython on_python = nullptr;
  OnFurtherPython on_further_python = nullptr;
  OnLookup on_lookup = nullptr;
};

// Looks at the libraries that are loaded already, and from now on at those that the program loads.
// At start-up only.
void watch_for_python(const PythonHandlers& handlers);

}  // namespace pymemflow::interpose
