#pragma once
// The view of the D script on an event. DTrace probes malloc, calloc and free of the C library,
// which calls them in some of its other functions. Pure; report side.

#include "capture/event.h"
#include "options/options.h"
#include "report/dtrace/function_set.h"

namespace pymemflow::report {

// The functions that the script of this version probes; without compat, all functions.
constexpr FunctionSet functions_of(Compat compat) {
  switch (compat) {
    case Compat::None:
      break;
    case Compat::Dtrace:
      return kFunctionsOfDtrace;
    case Compat::Dtrace2020:
      return kFunctionsOfDtrace2020;
  }
  return FunctionSet::all();
}

// The event under the name that a probe in glibc gives it: realloc(NULL, n) goes to malloc(n), and
// so does an alignment that every block has; realloc(block, 0) goes to free(block), and free() is
// what serves free_sized(). Whatever has no such name stays what it is.
Event as_probed_in_glibc(const Event& event);

}  // namespace pymemflow::report
