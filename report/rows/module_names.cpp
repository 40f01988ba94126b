#include "report/rows/module_names.h"

#include <algorithm>
#include <string_view>

namespace pymemflow::report {
namespace {

// Removes everything until the end of the last `part`. False: it is not in the path.
bool remove_through(std::string_view& path, std::string_view part) {
  const std::size_t found = path.rfind(part);
  if (found == std::string_view::npos) return false;
  path.remove_prefix(found + part.size());
  return true;
}

void remove_first_folder(std::string_view& path) {
  const std::size_t slash = path.find('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
}

std::string_view last_part(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// Makes a path relative to the folder from which Python imports it. False: that folder is unknown.
bool find_root(std::string_view& path) {
  for (const std::string_view packages : {"/site-packages/", "/dist-packages/"}) {
    if (remove_through(path, packages)) return true;
  }
  for (const std::string_view versions : {"/lib/python3.", "/lib64/python3.", "/lib/pypy3."}) {
    if (!remove_through(path, versions)) continue;
    remove_first_folder(path);
    return true;
  }
  return false;
}

void remove_end(std::string_view& text, std::string_view end) {
  if (text.ends_with(end) && text.size() > end.size()) text.remove_suffix(end.size());
}

}  // namespace

SiteName module_row(const SiteName& line) {
  SiteName row;
  if (!line.has_frame) {
    row.group = last_part(native_name(line).library);
    if (row.group.empty()) row.group = kInNoFile;
    return row;
  }
  std::string_view path = line.file;
  constexpr std::string_view kFrozen = "<frozen ";
  if (path.starts_with(kFrozen) && path.ends_with('>')) {
    row.group = path.substr(kFrozen.size(), path.size() - kFrozen.size() - 1);
    return row;
  }
  if (!find_root(path)) {
    path = last_part(path);
    row.has_frame = true;
    row.file = line.file;
  }
  remove_end(path, ".py");
  remove_end(path, "/__init__");
  row.group = path;
  std::replace(row.group.begin(), row.group.end(), '/', '.');
  return row;
}

}  // namespace pymemflow::report
