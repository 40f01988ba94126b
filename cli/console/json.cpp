#include "cli/console/json.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/commands/commands.h"
#include "report/base/output.h"

namespace pymemflow::cli {
namespace {

bool write_all(report::Output& output, const std::string& text) {
  output.write(text);
  if (output.close()) return true;
  errno = output.error();
  return false;
}

// Into a file beside it that nobody else can have made, which then takes its place, with the rights
// that the old one had.
bool replace(const std::string& path, const std::string& text, const struct stat* old) {
  std::string beside = path + ".XXXXXX";
  const int file = ::mkostemp(beside.data(), O_CLOEXEC);
  if (file < 0) return false;
  report::Output output(file);
  const bool is_written = write_all(output, text) &&
                          (old == nullptr || ::fchmod(file, old->st_mode & 0777) == 0) &&
                          ::rename(beside.c_str(), path.c_str()) == 0;
  const int error = errno;
  ::close(file);
  if (!is_written) ::unlink(beside.c_str());
  errno = error;
  return is_written;
}

// What is no plain file is written to as it is.
bool write_into(const std::string& path, const std::string& text) {
  report::Output output(path.c_str());
  return write_all(output, text);
}

}  // namespace

bool write_file(const std::string& path, const std::string& text) {
  struct stat facts {};
  const bool is_there = ::lstat(path.c_str(), &facts) == 0;
  const bool is_replaced = !is_there || S_ISREG(facts.st_mode);
  if (is_replaced ? replace(path, text, is_there ? &facts : nullptr) : write_into(path, text)) {
    return true;
  }
  complain(path + ": " + std::strerror(errno));
  return false;
}

std::string text_of(const Json& json) {
  std::string text;
  for (const char c : json.dump(2, ' ', false, Json::error_handler_t::replace)) {
    // Out of U+0080 to U+009F, which terminals obey; in JSON it can only be in a string.
    const bool is_c1 = text.ends_with('\xc2') && static_cast<unsigned char>(c) < 0xa0;
    if (is_c1) text.pop_back();
    if (is_c1 || c == 0x7f) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned char>(c));
      text += code;
    } else {
      text += c;
    }
  }
  return text;
}

bool write_json(const std::string& path, const Json& json) {
  return write_file(path, text_of(json) + "\n");
}

}  // namespace pymemflow::cli
