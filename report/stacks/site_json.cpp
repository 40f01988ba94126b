#include "report/stacks/site_json.h"

#include "report/base/names.h"

namespace pymemflow::report {

void write_site_name(JsonText& json, const SiteName& site) {
  if (!site.group.empty()) {
    json.field("name", site.group);
    if (!site.file.empty()) json.field("file", site.file);
  } else if (site.has_frame) {
    json.field("file", site.file);
    const bool has_line = site.line != SiteName::kNoLine;
    if (has_line) json.field("line", std::int64_t{site.line});
    if (has_line || !site.function.empty()) json.field("function", site.function);
  } else {
    const bool is_file = !site.caller.empty() && site.caller == site.module;
    const Names unchanged = {.full_file_path = is_file, .escape = false};
    json.field("engine_caller", site_text(site, unchanged, FunctionText::Whole));
    json.field("module", site.module);
    const NativeName native = native_name(site);
    if (!native.symbol.empty()) json.field("symbol", native.symbol);
    if (site.source_line != 0) {
      json.field("source_file", site.source_file);
      json.field("source_line", std::int64_t{site.source_line});
    }
  }
}

}  // namespace pymemflow::report
