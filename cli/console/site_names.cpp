#include "cli/console/site_names.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string_view>

#include "cli/console/text.h"
#include "report/base/names.h"

namespace pymemflow::cli {
namespace {

// With a slash at its end; empty: it is unknown.
std::string working_directory() {
  const std::unique_ptr<char, decltype(&std::free)> path(::getcwd(nullptr, 0), &std::free);
  return path == nullptr ? std::string() : std::string(path.get()) + "/";
}

}  // namespace

std::string portable_path(const std::string& path) {
  for (const char* const folder : {"/site-packages/", "/dist-packages/"}) {
    const std::size_t at = path.rfind(folder);
    if (at != std::string::npos) return path.substr(at + std::string_view(folder).size());
  }
  const std::string here = working_directory();
  if (!here.empty() && path.size() > here.size() && path.starts_with(here)) {
    return path.substr(here.size());
  }
  const std::size_t library = path.rfind("/lib/python3");
  const std::size_t end = library == std::string::npos ? library : path.find('/', library + 9);
  return end == std::string::npos ? path : path.substr(end + 1);
}

std::string key_of(const report::SiteName& site) {
  if (site.has_frame) {
    return portable_path(std::string(site.file)) + ":" + std::string(site.function);
  }
  const report::NativeName name = report::native_name(site);
  if (!name.function.empty()) {
    return std::string(report::site_text(site, {.escape = false}, report::FunctionText::Whole));
  }
  const std::string_view library = name.library;
  return std::string(library.empty() ? report::kInNoFile : report::base_name(library));
}

std::string old_key_of(const report::SiteName& site) {
  const std::string caller(site.caller);
  const std::size_t offset = caller.find("`0x");
  if (offset != std::string::npos && offset != 0) return caller.substr(0, offset);
  return offset == 0 || caller.starts_with("0x") ? std::string(report::kInNoFile) : caller;
}

std::string shown(const report::SiteName& site) {
  if (!site.has_frame) return std::string(report::shown_site(site, false));
  return printable(portable_path(std::string(site.file)) + ":" + std::to_string(site.line) + " " +
                   std::string(site.function));
}

}  // namespace pymemflow::cli
