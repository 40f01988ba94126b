#include "cli/console/site_names.h"

#include "cli/console/text.h"
#include "report/stacks/portable_names.h"

namespace pymemflow::cli {

std::string portable_path(const std::string& path) {
  return std::string(report::portable_path(path));
}

std::string key_of(const report::SiteName& site) {
  return std::string(report::key_of(site));
}

std::string old_key_of(const report::SiteName& site) {
  return std::string(report::old_key_of(site));
}

std::string shown(const report::SiteName& site) {
  if (!site.has_frame) return std::string(report::shown_site(site, false));
  return printable(portable_path(std::string(site.file)) + ":" + std::to_string(site.line) + " " +
                   std::string(site.function));
}

}  // namespace pymemflow::cli
