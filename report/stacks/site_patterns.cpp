#include "report/stacks/site_patterns.h"

#include <fnmatch.h>

#include <algorithm>

#include "report/base/names.h"
#include "report/stacks/portable_names.h"
#include "report/symbols/demangle.h"

namespace pymemflow::report {

Vector<String> pattern_names(const SiteName& site) {
  Vector<String> names;
  if (!site.has_frame) {
    const NativeName name = native_name(site);
    names.push_back(key_of(site));
    names.push_back(site_text(site, {.escape = false}, FunctionText::Whole));
    names.push_back(site.caller);
    names.push_back(old_key_of(site));
    names.push_back(site.module);
    names.emplace_back(base_name(site.module));
    for (const std::string_view each :
         {name.function, name.symbol, without_parameters(name.function)}) {
      if (!each.empty()) names.emplace_back(each);
    }
    return names;
  }
  names.push_back(site.function);
  for (const String& each : {site.file, String(base_name(site.file)), portable_path(site.file)}) {
    names.push_back(each);
    names.push_back(each + ":" + site.function);
  }
  return names;
}

bool matches(const char* pattern, const Vector<String>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const String& name) { return ::fnmatch(pattern, name.c_str(), 0) == 0; });
}

}  // namespace pymemflow::report
