#pragma once
// Names of allocation sites that stay the same in another run, after an edit, and on another
// machine. They have no line numbers, no addresses, and no path of an installation or a checkout.
// Report side, any thread.

#include <string_view>

#include "report/base/memory.h"
#include "report/stacks/site_name.h"

namespace pymemflow::report {

// Relative to the working directory if the file is below it; from the package on if it belongs to
// an installed package; else the whole path.
String portable_path(std::string_view path);

// "examples/leaky/leak.py:leak". Without a Python frame the C function: "make (libfoo.so)", or
// "libfoo.so" if it has no symbol.
String key_of(const SiteName& site);
// The key of a C function in baselines and suppressions of earlier versions: "libfoo.so`make".
String old_key_of(const SiteName& site);

}  // namespace pymemflow::report
