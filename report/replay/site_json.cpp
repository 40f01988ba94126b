#include "report/replay/site_json.h"

namespace pymemflow::report {

void write_site_name(JsonText& json, const SiteName& site) {
  if (site.has_frame) {
    json.field("file", site.file)
        .field("line", std::int64_t{site.line})
        .field("function", site.function);
  } else {
    json.field("engine_caller", site.caller).field("module", site.module);
  }
}

}  // namespace pymemflow::report
