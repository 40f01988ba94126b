#pragma once
// A site in JSON, as all JSON of the report side has it. One thread.

#include "report/base/json_text.h"
#include "report/stacks/site_name.h"

namespace pymemflow::report {

// Adds the fields file, line and function to the open object; without a frame engine_caller
// (site_text(), whole), module, and symbol if the function has a mangled name.
void write_site_name(JsonText& json, const SiteName& site);

}  // namespace pymemflow::report
