#include "cli/console/files.h"

#include <cerrno>
#include <cstdio>

#include "report/base/output.h"
#include "report/base/output_file.h"

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
  const Error error = is_read ? Error() : system_error(path);
  std::fclose(file);
  return error;
}

Error write_file(const std::string& path, const std::string& text) {
  report::Output output(path.c_str(), {.is_replaced = true});
  output.write(text);
  if (output.close()) return {};
  return Error(path + ": " + std::string(report::output_problem(output.error())));
}

}  // namespace pymemflow::cli
