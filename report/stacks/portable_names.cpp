#include "report/stacks/portable_names.h"

#include <unistd.h>

#include <cstring>

#include "report/base/names.h"

namespace pymemflow::report {
namespace {

// With a slash at its end; empty: it is unknown.
String working_directory() {
  char path[4096];
  if (::getcwd(path, sizeof path) == nullptr) return {};
  String text = path;
  return text += '/';
}

}  // namespace

String portable_path(std::string_view path) {
  for (const char* const folder : {"/site-packages/", "/dist-packages/"}) {
    const std::size_t at = path.rfind(folder);
    if (at != std::string_view::npos) return String(path.substr(at + std::strlen(folder)));
  }
  const String here = working_directory();
  if (!here.empty() && path.size() > here.size() && path.starts_with(here)) {
    return String(path.substr(here.size()));
  }
  const std::size_t library = path.rfind("/lib/python3");
  const std::size_t end = library == std::string_view::npos ? library : path.find('/', library + 9);
  return String(end == std::string_view::npos ? path : path.substr(end + 1));
}

String key_of(const SiteName& site) {
  if (site.has_frame) {
    String key = portable_path(site.file);
    key += ':';
    return key += site.function;
  }
  const NativeName name = native_name(site);
  if (!name.function.empty()) return site_text(site, {.escape = false}, FunctionText::Whole);
  return String(name.library.empty() ? kInNoFile : base_name(name.library));
}

String old_key_of(const SiteName& site) {
  const std::string_view caller = site.caller;
  const std::size_t offset = caller.find("`0x");
  if (offset != std::string_view::npos && offset != 0) return String(caller.substr(0, offset));
  return String(offset == 0 || caller.starts_with("0x") ? kInNoFile : caller);
}

}  // namespace pymemflow::report
