#include "report/stacks/site_json.h"

namespace pymemflow::report {

void write_site_name(JsonText& json, const SiteName& site) {
  if (site.has_frame) {
    json.field("file", site.file);
    const bool has_line = site.line != SiteName::kNoLine;
    if (has_line) json.field("line", std::int64_t{site.line});
    if (has_line || !site.function.empty()) json.field("function", site.function);
  } else {
    json.field("engine_caller", site.caller).field("module", site.module);
  }
}

}  // namespace pymemflow::report
