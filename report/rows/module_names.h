#pragma once
// The modules of allocation sites. Pure; report side.

#include "report/stacks/site_name.h"

namespace pymemflow::report {

// Returns the name of the row of the module that a line belongs to. Of a Python line: the module's
// name as Python imports it, by its file in the standard library or in an installed package
// ("json.decoder"); of other files the last part ("app"), and such files are modules of their own
// even if their names are equal. Of a C function: its library ("libxml2.so.2").
SiteName module_row(const SiteName& line);

}  // namespace pymemflow::report
