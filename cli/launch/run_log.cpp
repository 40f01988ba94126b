#include "cli/launch/run_log.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>

#include "capture/process_log.h"
#include "cli/launch/program_file.h"
#include "cli/platform/platform.h"

namespace pymemflow::cli {
namespace {

std::string text_of(const char* bytes, std::size_t most) {
  return std::string(bytes, ::strnlen(bytes, most));
}

// Why the loader did not load the library into this program.
std::string reason_of(const ProcessNote& note, const ProgramFile& file) {
  if (note.lacking == Lacking::Library) {
    return std::string("its environment does not have the library in ") +
           platform::kPreloadVariable;
  }
  if (note.lacking == Lacking::Log) return "its environment lacks the variables of pymemflow";
  if (!file.extra_rights.empty()) return "it has more rights than its user: " + file.extra_rights;
  if (is_for_musl(file)) return "it is built for musl";
  const platform::ProgramImage& image = file.image;
  if (image.is_read && !image.is_for_us) return "it is for another processor: " + image.machine;
  if (image.is_read && image.loader.empty()) return "it is linked statically";
  return "the loader did not load the library";
}

// The file that the kernel executes: of a script, its interpreter.
ProgramFile executed_file(const ProgramFile& file) {
  if (file.interpreter.empty()) return file;
  return examine_file(file.interpreter.substr(0, file.interpreter.find(' ')));
}

std::optional<UnseenPart> part_of(const ProcessNote& shared) {
  // A copy: a process that still runs may change it.
  const ProcessNote note = shared;
  UnseenPart part = {.kind = UnseenKind::unable, .process = note.process};
  const std::size_t bytes = std::min<std::size_t>(note.words_bytes, sizeof note.words);
  const std::string words(note.words, bytes);
  part.command_line = shell_words(words);
  if (note.state == NoteState::Unable || note.state == NoteState::Paused) {
    if (note.state == NoteState::Paused) part.kind = UnseenKind::manual_start;
    part.reason = text_of(note.reason, sizeof note.reason);
    return part;
  }
  if (note.state != NoteState::Started) return std::nullopt;
  std::string path = text_of(note.path, sizeof note.path);
  if (path.empty()) path = words.substr(0, words.find('\0'));
  const ProgramFile file = examine_file(path);
  part.reason = reason_of(note, executed_file(file));
  part.kind =
      may_run_python(path, words) ? UnseenKind::untraced_python : UnseenKind::untraced_program;
  return part;
}

// Takes room on the disk for all of the file: without it, a process that writes to what it has
// mapped would end. Returns 0 or an error number.
int reserve(int file, std::size_t bytes) {
  const std::vector<char> zeros(std::size_t{1} << 16);
  int error = 0;
  for (std::size_t done = 0; done < bytes && error == 0;) {
    const ssize_t size = ::write(file, zeros.data(), std::min(zeros.size(), bytes - done));
    if (size < 0 && errno != EINTR) error = errno;
    if (size > 0) done += static_cast<std::size_t>(size);
  }
  return error;
}

}  // namespace

RunLog::~RunLog() {
  if (log_ != nullptr) ::munmap(log_, sizeof(ProcessLog));
}

Error RunLog::create(const std::string& folder, const std::string& library) {
  const std::string path = folder + "/processes";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return system_error(path);
  Error error;
  void* memory = MAP_FAILED;
  errno = reserve(file, sizeof(ProcessLog));
  if (errno == 0) {
    memory = ::mmap(nullptr, sizeof(ProcessLog), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  if (memory == MAP_FAILED) error = system_error(path);
  ::close(file);
  if (error) return error;
  log_ = static_cast<ProcessLog*>(memory);
  const std::size_t bytes = std::min(library.size(), sizeof log_->library - 1);
  std::memcpy(log_->library, library.data(), bytes);
  std::strncpy(log_->variable, platform::kPreloadVariable, sizeof log_->variable - 1);
  log_->magic = kProcessLogMagic;
  path_ = path;
  return {};
}

std::vector<UnseenPart> RunLog::unseen(const std::vector<FoundCapture>& captures) const {
  std::vector<UnseenPart> parts;
  if (log_ == nullptr) return parts;
  for (const ProcessNote& note : log_->notes) {
    if (std::optional<UnseenPart> part = part_of(note)) parts.push_back(std::move(*part));
  }
  std::set<std::uint32_t> recorded;
  for (const FoundCapture& capture : captures) recorded.insert(capture.process);
  for (const ProcessEntry& shared : log_->entries) {
    const ProcessEntry entry = shared;
    if (!has_record(entry) || recorded.count(process_of(entry)) != 0) continue;
    parts.push_back({.kind = UnseenKind::missing, .process = process_of(entry)});
  }
  if (log_->left_out != 0) {
    parts.push_back({.kind = UnseenKind::left_out, .others = log_->left_out - 1});
  }
  return parts;
}

}  // namespace pymemflow::cli
