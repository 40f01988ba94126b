#include "cli/capture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/verbs.h"

namespace pymemflow::cli {

int open_capture(const std::string& path) {
  // Nothing that may block or do something when it is opened: it is to be a file.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat facts {};
  if (file < 0 || ::fstat(file, &facts) != 0) {
    complain(path + ": " + std::strerror(errno));
    return -1;
  }
  if (S_ISREG(facts.st_mode)) return file;
  complain(path + ": is not a file");
  ::close(file);
  return -1;
}

}  // namespace pymemflow::cli
