#include "cli/console/messages.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/console/text.h"

namespace pymemflow::cli {

Error system_error(const std::string& path) {
  return Error(path + ": " + std::strerror(errno != 0 ? errno : EIO));
}

void say(const std::string& message) {
  const std::string line = "pymemflow: " + printable(message) + "\n";
  std::fputs(line.c_str(), stderr);
}

bool is_standard_error_open() {
  const int flags = ::fcntl(STDERR_FILENO, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

int complain(const std::string& message) {
  say(message);
  return kUsageError;
}

int complain(const Error& error) {
  return complain(error.text);
}

}  // namespace pymemflow::cli
