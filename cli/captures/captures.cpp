#include "cli/captures/captures.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <tuple>

#include "capture/block.h"
#include "cli/captures/compression.h"
#include "cli/captures/read_ahead.h"
#include "cli/console/counts.h"
#include "cli/console/descriptor.h"
#include "report/base/private_heap.h"
#include "report/reader/capture_reader.h"
#include "report/symbols/engine_files.h"

namespace pymemflow::cli {
namespace {

// Limits the memory for captures that are replayed at the same time.
constexpr std::size_t kMaxThreads = 4;

// A glob that matches every name that the pattern can expand to.
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

// None: the file is not a capture of this version.
std::optional<FileHead> read_head(const std::string& path) {
  OpenCapture capture;
  if (!capture.open(path)) return std::nullopt;
  report::CaptureIndex index;
  if (index.update_head(capture.files()) != report::CaptureError::None) return std::nullopt;
  return index.head().magic == kFileMagic ? std::optional(index.head()) : std::nullopt;
}

void fill(CaptureUse& use, report::CaptureReader& reader, report::EventSource& source,
          const report::LinesWanted& lines) {
  report::Symbols symbols(reader.names().modules(), report::Symbols::Where::kOffline);
  symbols.want_lines(lines);
  report::ProfileBuilder builder(reader.process_info(), reader.names(), symbols);
  source.begin(reader);
  while (const report::EventBatch* const batch = source.next()) builder.on_events(*batch);
  source.end();
  use.profile = builder.finish();
  use.process = reader.process();
  use.is_forked_child = reader.head().is_forked_child != 0;
  use.has_ended = reader.head().end != EndKind::None;
  use.is_end_unseen = reader.is_end_unseen();
  use.command_line = shell_words(reader.metadata().command_line);
  use.lost = reader.lost();
  use.damaged = reader.damaged();
  use.unchecked = reader.unchecked();
  use.gaps = reader.gaps();
  use.left_out = reader.left_out();
  use.lacks_windows = reader.lacks_windows();
  use.symbol_gaps = symbols.gaps();
  use.has_stopped = reader.head().failure != 0;
}

// The kinds of what a record says that it could not see.
constexpr UnseenKind kUnseenKinds[kUnseenFacts] = {
    UnseenKind::manual_start, UnseenKind::stopped, UnseenKind::other_allocator,
    UnseenKind::deep_binding, UnseenKind::unknown_python};

void note_unseen(CaptureUse& use, const report::CaptureReader& reader) {
  for (std::size_t fact = 0; fact < kUnseenFacts; ++fact) {
    if (!reader.is_unseen(static_cast<Unseen>(fact))) continue;
    // A manual start begins with a pause.
    const bool is_said = kUnseenKinds[fact] == UnseenKind::stopped && !use.unseen.empty();
    if (!is_said) use.note(kUnseenKinds[fact]);
  }
}

CaptureUse read_use(const std::string& path, report::EventSource& source,
                    const report::LinesWanted& lines) {
  CaptureUse use;
  use.path = path;
  OpenCapture capture;
  use.problem = capture.open(path) ? capture.decompress() : std::strerror(errno);
  if (!use.problem.empty()) return use;
  report::CaptureReader reader(capture.files());
  const report::CaptureError error = reader.poll();
  use.problem = error != report::CaptureError::None ? report::describe(error)
                                                    : report::profile_problem(reader.head().mode);
  if (!use.problem.empty()) return use;
  fill(use, reader, source, lines);
  note_unseen(use, reader);
  return use;
}

}  // namespace

OpenCapture::~OpenCapture() {
  for (const int file : {files_.capture, files_.windows}) {
    if (file >= 0) ::close(file);
  }
}

bool OpenCapture::open(const std::string& path) {
  files_.capture = open_for_reading(path);
  if (files_.capture < 0) return false;
  open_windows(path);
  return true;
}

std::string OpenCapture::decompress() {
  return replace_by_plain(files_.capture);
}

// Beside the file itself, where the path is a symlink. A file of another user is not the capture's.
void OpenCapture::open_windows(const std::string& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  if (error) return;
  files_.windows = open_for_reading(target.string() + kWindowsSuffix, O_NOFOLLOW);
  struct stat capture {};
  struct stat windows {};
  if (files_.windows < 0) return;
  if (::fstat(files_.capture, &capture) == 0 && ::fstat(files_.windows, &windows) == 0 &&
      S_ISREG(windows.st_mode) && windows.st_uid == capture.st_uid) {
    return;
  }
  ::close(files_.windows);
  files_.windows = -1;
}

Error open_capture(const std::string& path, OpenCapture& capture) {
  struct stat status {};
  if (!capture.open(path) || ::fstat(capture.files().capture, &status) != 0) {
    return system_error(path);
  }
  if (!S_ISREG(status.st_mode)) return Error(path + ": is not a file");
  std::uint64_t magic = 0;
  const bool is_read = report::read_at(capture.files().capture, &magic, sizeof magic, 0);
  if (is_read && magic == kWindowsMagic) {
    return Error(path + ": holds the windows of a capture; give the capture, whose name has no " +
                 kWindowsSuffix);
  }
  const std::string problem = capture.decompress();
  if (!problem.empty()) return Error(path + ": " + problem);
  if (::fstat(capture.files().capture, &status) != 0) return system_error(path);
  report::expect_record(static_cast<std::uint64_t>(status.st_size));
  return {};
}

bool looks_like_capture(const std::string& path) {
  OpenCapture file;
  if (!file.open(path)) return false;
  const report::CaptureFiles& files = file.files();
  std::uint64_t magic = 0;
  report::read_at(files.capture, &magic, sizeof magic, 0);
  if (magic == kFileMagic || magic == kCompressedMagic) return true;
  // The beginning of the capture was cut off.
  return magic == 0 && report::read_at(files.windows, &magic, sizeof magic, 0) &&
         magic == kWindowsMagic;
}

std::string escaped_pattern(const std::string& text) {
  std::string pattern;
  for (const char c : text) pattern += c == '%' ? std::string("%%") : std::string(1, c);
  return pattern;
}

std::vector<FoundCapture> find_captures(const std::string& pattern, std::uint64_t since_ns) {
  std::vector<FoundCapture> found;
  const std::string plain = glob_of(pattern);
  for (const std::string& each : {plain, plain + ".*"}) {
    for (const std::string& path : matching(each)) {
      const std::optional<FileHead> head = read_head(path);
      if (!head || head->started_ns < since_ns) continue;
      found.push_back({path, head->process, head->started_ns});
    }
  }
  const auto order = [](const FoundCapture& capture) {
    return std::tie(capture.started_ns, capture.path);
  };
  std::sort(found.begin(), found.end(),
            [&](const FoundCapture& a, const FoundCapture& b) { return order(a) < order(b); });
  const auto last =
      std::unique(found.begin(), found.end(),
                  [](const FoundCapture& a, const FoundCapture& b) { return a.path == b.path; });
  found.erase(last, found.end());
  return found;
}

void CaptureUse::note(UnseenKind kind) {
  unseen.push_back({.kind = kind, .process = process, .command_line = command_line});
}

std::string CaptureUse::gap() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (lost != 0) add(counted(lost, "event") + " lost");
  if (damaged != 0) add("damaged in " + counted(damaged, "place"));
  if (gaps != 0) add(counted(gaps, "gap") + " without calls");
  if (left_out != 0) add(counted(left_out, "event") + " left out");
  if (lacks_windows) add("the file of its windows is missing");
  if (has_stopped) add("the recording stopped before the program ended");
  return text;
}

report::LinesWanted lines_for(bool whole_stacks, bool may_ask_servers) {
  return {.is_wanted = whole_stacks ? report::is_any : report::is_foreign,
          .may_ask_servers = may_ask_servers};
}

std::vector<CaptureUse> read_uses(const std::vector<std::string>& paths,
                                  const report::LinesWanted& lines) {
  std::vector<CaptureUse> uses(paths.size());
  for (const std::string& path : paths) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0)
      report::expect_record(static_cast<std::uint64_t>(status.st_size));
  }
  std::atomic<std::size_t> next = 0;
  if (paths.size() == 1) {
    ReadAhead source;
    uses[0] = read_use(paths[0], source, lines);
    return uses;
  }
  const auto read_next = [&] {
    report::DirectSource source;
    for (std::size_t i = next++; i < paths.size(); i = next++) {
      uses[i] = read_use(paths[i], source, lines);
    }
  };
  const std::size_t most = std::min<std::size_t>(std::thread::hardware_concurrency(), kMaxThreads);
  std::vector<std::thread> others;
  try {
    while (others.size() + 1 < std::min(most, paths.size())) others.emplace_back(read_next);
  } catch (const std::system_error&) {
    // There can be no more threads.
  }
  read_next();
  for (std::thread& other : others) other.join();
  return uses;
}

std::vector<std::string> symbol_gaps_of(const std::vector<CaptureUse>& uses) {
  report::SymbolGaps gaps;
  for (const CaptureUse& use : uses) gaps.add(use.symbol_gaps);
  std::vector<std::string> lines;
  for (const report::String& line : gaps.lines()) lines.emplace_back(line);
  return lines;
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
