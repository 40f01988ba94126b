#pragma once
// Names of allocation sites that stay the same in another run, after an edit, and on another
// machine. They have no line numbers, no addresses, and no path of an installation or a checkout.
// Pure.

#include <string>

#include "report/replay/profile.h"

namespace pymemflow::cli {

// Relative to the working directory if the file is below it; from the package on if it belongs to
// an installed package; else the whole path.
std::string portable_path(const std::string& path);

// "examples/leaky/leak.py:leak". Without a Python frame the C function: "make (libfoo.so)", or
// "libfoo.so" if it has no symbol.
std::string key_of(const report::SiteName& site);
// The key of a C function in baselines and suppressions of earlier versions: "libfoo.so`make".
std::string old_key_of(const report::SiteName& site);

// "examples/leaky/leak.py:29 leak", or the C function, for people.
std::string shown(const report::SiteName& site);

}  // namespace pymemflow::cli
