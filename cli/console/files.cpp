#include "cli/console/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "report/base/output.h"
#include "report/base/output_file.h"
#include "report/base/output_path.h"

namespace pymemflow::cli {

Error read_file(const std::string& path, std::string& text) {
  errno = 0;
  std::FILE* const file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return system_error(path);
  char piece[1 << 14];
  for (std::size_t size; (size = std::fread(piece, 1, sizeof piece, file)) != 0;) {
    text.append(piece, size);
  }
  const bool is_read = std::ferror(file) == 0;
  Error error = is_read ? Error() : system_error(path);
  std::fclose(file);
  return error;
}

Error write_file(const std::string& path, const std::string& text) {
  report::Output output(path.c_str(), {.is_replaced = true});
  output.write(text);
  if (output.close()) return {};
  return Error(shown_output(path) + ": " + std::string(report::output_problem(output.error())));
}

std::string shown_output(const std::string& path) {
  return report::descriptor_in(path) == STDOUT_FILENO ? "standard output" : path;
}

bool is_same_file(const std::string& a, const std::string& b) {
  struct stat one {};
  struct stat other {};
  if (::stat(a.c_str(), &one) != 0 || ::stat(b.c_str(), &other) != 0) return false;
  return S_ISREG(one.st_mode) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

std::string temporary_folder() {
  const char* const wanted = std::getenv("TMPDIR");
  return wanted != nullptr && *wanted != '\0' ? wanted : "/tmp";
}

}  // namespace pymemflow::cli
