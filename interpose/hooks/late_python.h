#pragma once
// Finds an interpreter that is loaded late: by a program that embeds libpython, or a second one.
// Symbols must not be looked up in an allocator hook. But a program that loads a library calls
// dlsym() to find its functions. So the hook of dlsym() examines the libraries that were loaded
// since its last call, before the program has a pointer into them.

#include <string_view>

#include "pyframe/interpreter.h"

namespace pymemflow::interpose {

// Called with the first interpreter, on the thread that is about to use it.
using OnPython = void (*)(const pyframe::Interpreter& interpreter);

// Called with the name of each function that the program looks up, for example the entry point of
// an extension module during its import.
using OnLookup = void (*)(const char* name);

// Called once for each further interpreter, which is not traced. The texts are valid during the
// call.
using OnFurtherPython = void (*)(std::string_view version, std::string_view path);

struct PythonHandlers {
  OnPython on_python = nullptr;
  OnFurtherPython on_further_python = nullptr;
  OnLookup on_lookup = nullptr;
};

// Examines the libraries that are loaded now, and from then on those that the program loads. Called
// once, at start-up.
void watch_for_python(const PythonHandlers& handlers);

}  // namespace pymemflow::interpose
