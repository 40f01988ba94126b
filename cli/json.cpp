#include "cli/json.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "cli/verbs.h"

namespace pymemflow::cli {
namespace {

// A pipe or a device is written to as it is; a file is put in the place of the old one.
bool is_replaceable(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) != 0 || S_ISREG(facts.st_mode);
}

bool write_to(const std::string& path, const std::string& text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return !file.fail();
}

}  // namespace

bool write_file(const std::string& path, const std::string& text) {
  const bool is_replaced = is_replaceable(path);
  const std::string place = is_replaced ? path + ".new" : path;
  bool is_written = write_to(place, text);
  if (is_written && is_replaced) is_written = std::rename(place.c_str(), path.c_str()) == 0;
  if (is_written) return true;
  complain(path + ": " + std::strerror(errno != 0 ? errno : EIO));
  if (is_replaced) std::remove(place.c_str());
  return false;
}

bool write_json(const std::string& path, const Json& json) {
  return write_file(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace pymemflow::cli
