#include "report/stacks/site_name.h"

#include <fmt/core.h>

#include <iterator>

#include "report/base/names.h"

namespace pymemflow::report {

String shown_site(const SiteName& site, bool full_file_path) {
  const Names names = {.full_file_path = full_file_path};
  if (!site.has_frame) return shown_function(names, site.caller);
  String text = shown_file(names, site.file);
  if (site.line != SiteName::kNoLine) fmt::format_to(std::back_inserter(text), ":{}", site.line);
  if (site.line == SiteName::kNoLine && site.function.empty()) return text;
  text += ' ';
  text += shown_function(names, site.function);
  return text;
}

}  // namespace pymemflow::report
