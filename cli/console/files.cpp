#include "cli/console/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "report/base/output.h"

namespace pymemflow::cli {
namespace {

bool write_all(report::Output& output, const std::string& text) {
  output.write(text);
  if (output.close()) return true;
  errno = output.error();
  return false;
}

// Writes a temporary file in the same folder under a name that nobody else can have taken, gives it
// the permissions of the old file, and renames it.
bool replace(const std::string& path, const std::string& text, const struct stat* old) {
  std::string temporary = path + ".XXXXXX";
  const int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return false;
  report::Output output(file);
  const bool is_written = write_all(output, text) &&
                          (old == nullptr || ::fchmod(file, old->st_mode & 0777) == 0) &&
                          ::rename(temporary.c_str(), path.c_str()) == 0;
  const int error = errno;
  ::close(file);
  if (!is_written) ::unlink(temporary.c_str());
  errno = error;
  return is_written;
}

bool write_in_place(const std::string& path, const std::string& text) {
  report::Output output(path.c_str());
  return write_all(output, text);
}

}  // namespace

Error read_file(const std::string& path, std::string& text) {
  errno = 0;
  std::FILE* const file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return system_error(path);
  char piece[1 << 14];
  for (std::size_t size; (size = std::fread(piece, 1, sizeof piece, file)) != 0;) {
    text.append(piece, size);
  }
  const bool is_read = std::ferror(file) == 0;
  const Error error = is_read ? Error() : system_error(path);
  std::fclose(file);
  return error;
}

Error write_file(const std::string& path, const std::string& text) {
  struct stat status {};
  const bool exists = ::lstat(path.c_str(), &status) == 0;
  const bool is_replaced = !exists || S_ISREG(status.st_mode);
  const bool is_written =
      is_replaced ? replace(path, text, exists ? &status : nullptr) : write_in_place(path, text);
  return is_written ? Error() : system_error(path);
}

}  // namespace pymemflow::cli
