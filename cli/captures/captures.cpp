#include "cli/captures/captures.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/commands/commands.h"
#include "report/reader/capture_reader.h"

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

bool looks_like_capture(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) return false;
  std::uint64_t magic = 0;
  const bool is_read = ::read(file, &magic, sizeof magic) == sizeof magic;
  ::close(file);
  return is_read && magic == kFileMagic;
}

std::string escaped_pattern(const std::string& text) {
  std::string pattern;
  for (const char c : text) pattern += c == '%' ? std::string("%%") : std::string(1, c);
  return pattern;
}

namespace {

// What matches every name that the pattern may become.
std::string glob_of(const std::string& pattern) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string two = pattern.substr(i, 2);
    if (two == "%p" || two == "%t") {
      text += '*';
    } else {
      if (std::strchr("*?[\\", pattern[i]) != nullptr) text += '\\';
      text += pattern[i];
    }
    if (two == "%p" || two == "%t" || two == "%%") ++i;
  }
  return text;
}

std::vector<std::string> matching(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return paths;
}

// 0: it is no capture that can be read.
std::uint64_t start_of(const std::string& path) {
  if (!looks_like_capture(path)) return 0;
  const int file = open_capture(path);
  if (file < 0) return 0;
  report::CaptureIndex index;
  const bool is_read = report::read_index(file, index) == report::CaptureError::None;
  ::close(file);
  return is_read ? index.head.started_ns : 0;
}

void fill(CaptureUse& use, report::CaptureReader& reader) {
  report::Symbols symbols(reader.names().modules(), report::Symbols::Where::kOffline);
  report::ProfileBuilder builder(reader.process_info(), reader.names(), symbols);
  Event event;
  const report::Site* site = nullptr;
  while (reader.next(event, site)) report::deliver(event, site, builder);
  use.usage = builder.finish();
  use.process = reader.process();
  use.is_forked_child = reader.head().is_forked_child != 0;
  use.has_ended = reader.head().end != EndKind::None;
  use.command_line = shell_words(reader.metadata().command_line);
  use.lost = reader.lost();
  use.damaged = reader.damaged();
}

}  // namespace

std::vector<std::string> find_captures(const std::string& pattern, std::uint64_t since_ns) {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  const std::string plain = glob_of(pattern);
  for (const std::string& each : {plain, plain + ".*"}) {
    for (std::string& path : matching(each)) {
      const std::uint64_t start = start_of(path);
      if (start >= since_ns) found.emplace_back(start, std::move(path));
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<std::string> paths;
  for (auto& [start, path] : found) paths.push_back(std::move(path));
  return paths;
}

CaptureUse read_use(const std::string& path) {
  CaptureUse use;
  use.path = path;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) {
    use.problem = std::strerror(errno);
    return use;
  }
  report::CaptureReader reader(file);
  const report::CaptureError error = reader.open();
  use.problem = error != report::CaptureError::None ? report::describe(error)
                                                    : report::profile_problem(reader.head().mode);
  if (use.problem.empty()) fill(use, reader);
  ::close(file);
  return use;
}

bool read_checked(const std::string& path, CaptureUse& use) {
  use = read_use(path);
  if (use.problem.empty()) return true;
  complain(path + ": " + use.problem);
  return false;
}

std::uint32_t process_of(const std::string& path) {
  const int file = open_capture(path);
  if (file < 0) return 0;
  report::CaptureIndex index;
  const bool is_read = report::read_index(file, index) == report::CaptureError::None;
  ::close(file);
  return is_read ? index.head.process : 0;
}

void keep_process(std::vector<std::string>& captures, std::uint32_t process) {
  std::erase_if(captures, [=](const std::string& path) { return process_of(path) != process; });
}

std::string shell_words(std::string_view words) {
  std::string line;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find('\0'));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    const bool is_plain =
        !word.empty() && word.find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789_@%+=:,./-") == std::string_view::npos;
    line += line.empty() ? "" : " ";
    if (is_plain) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

}  // namespace pymemflow::cli
