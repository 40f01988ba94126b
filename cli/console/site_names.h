#pragma once
// Names of places that mean the same in another run, after an edit, and on another machine: without
// line numbers, addresses, and the folders in which an installation or a checkout happens to lie.
// Pure.

#include <string>

#include "report/replay/profile.h"

namespace pymemflow::cli {

// Below the current folder, relative to it; of an installed package, from the package on; else the
// whole path.
std::string portable_path(const std::string& path);

// "examples/leaky/leak.py:leak", or the engine caller: libfoo.so`make, libfoo.so where it has no
// name.
std::string key_of(const report::SiteName& place);

// "examples/leaky/leak.py:29 leak", or the engine caller, for people.
std::string shown(const report::SiteName& place);

// Control characters as \xNN.
std::string printable(const std::string& text);
// The same of each line.
std::string printable_lines(const std::string& text);

}  // namespace pymemflow::cli
