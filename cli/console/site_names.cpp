#include "cli/console/site_names.h"

#include <filesystem>
#include <system_error>

#include "report/base/names.h"

namespace pymemflow::cli {

std::string portable_path(const std::string& path) {
  for (const char* const folder : {"/site-packages/", "/dist-packages/"}) {
    const std::size_t at = path.rfind(folder);
    if (at != std::string::npos) return path.substr(at + std::string_view(folder).size());
  }
  std::error_code error;
  const std::string here = std::filesystem::current_path(error).string() + "/";
  if (!error && path.size() > here.size() && path.starts_with(here)) {
    return path.substr(here.size());
  }
  const std::size_t library = path.rfind("/lib/python3");
  const std::size_t end = library == std::string::npos ? library : path.find('/', library + 9);
  return end == std::string::npos ? path : path.substr(end + 1);
}

std::string key_of(const report::SiteName& place) {
  if (place.has_frame) {
    return portable_path(std::string(place.file)) + ":" + std::string(place.function);
  }
  const std::string caller(place.caller);
  const std::size_t address = caller.find("`0x");
  if (address != std::string::npos && address != 0) return caller.substr(0, address);
  return address == 0 || caller.starts_with("0x") ? "(no file)" : caller;
}

std::string shown(const report::SiteName& place) {
  if (!place.has_frame) return printable(std::string(place.caller));
  return printable(portable_path(std::string(place.file)) + ":" + std::to_string(place.line) + " " +
                   std::string(place.function));
}

std::string printable(const std::string& text) {
  const report::Names names;
  return std::string(report::shown_function(names, text));
}

std::string printable_lines(const std::string& text) {
  std::string lines;
  for (std::size_t start = 0;;) {
    const std::size_t end = text.find('\n', start);
    lines += printable(text.substr(start, end - start));
    if (end == std::string::npos) return lines;
    lines += '\n';
    start = end + 1;
  }
}

}  // namespace pymemflow::cli
