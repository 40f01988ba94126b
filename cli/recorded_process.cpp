#include "cli/recorded_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace pymemflow::cli {
namespace {

using interpose::FileHead;

bool is_running(pid_t process) {
  return ::kill(process, 0) == 0 || errno == EPERM;
}

std::string folder_of(pid_t process) {
  return "/proc/" + std::to_string(process);
}

}  // namespace

RecordedProcess::RecordedProcess(pid_t process) : process_(process) {
  if (process <= 0 || !is_running(process)) {
    problem_ = std::strerror(ESRCH);
    return;
  }
  find();
}

RecordedProcess::~RecordedProcess() {
  if (file_ >= 0) ::close(file_);
}

void RecordedProcess::find() {
  const std::string folder = folder_of(process_) + "/fd/";
  DIR* const files = ::opendir(folder.c_str());
  if (files == nullptr) {
    problem_ = errno == ENOENT ? std::strerror(ESRCH) : std::strerror(errno);
    return;
  }
  bool is_found = false;
  for (const dirent* each = ::readdir(files); each != nullptr; each = ::readdir(files)) {
    if (each->d_name[0] == '.') continue;
    is_found = try_file(folder + each->d_name);
    if (is_found) break;
  }
  ::closedir(files);
  if (is_found) return;
  problem_ = has_library()
                 ? "has the library, but records nothing (no Python ran there, its options "
                   "are wrong, or it has ended)"
                 : "runs without pymemflow: it must be started with it (pymemflow run)";
}

bool RecordedProcess::try_file(const std::string& path) {
  // Some files do things when they are opened: only what is one is.
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
  if (facts.st_size < static_cast<off_t>(interpose::kFileAlignment)) return false;
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) return false;
  // The record of a process is its own file. A foreign one, which it happens to have open, is none
  // of its business, and none of ours to write to.
  struct stat owner {};
  const bool is_own = ::stat(folder_of(process_).c_str(), &owner) == 0 &&
                      ::fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) &&
                      facts.st_uid == owner.st_uid;
  const bool is_record = is_own &&
                         ::pread(file, &head_, sizeof head_, 0) == ssize_t{sizeof head_} &&
                         head_.magic == interpose::kFileMagic;
  if (!is_record) {
    ::close(file);
    return false;
  }
  file_ = file;
  problem_ = problem_of_head();
  return true;
}

std::string RecordedProcess::problem_of_head() const {
  if (head_.version != interpose::kFormatVersion) {
    return head_.version > interpose::kFormatVersion
               ? "has a newer version of the library than this command"
               : "has an older version of the library than this command";
  }
  if (head_.end != interpose::EndKind::None) return "has ended its recording";
  if (head_.process == static_cast<std::uint32_t>(process_)) return {};
  const std::string parent = std::to_string(head_.process);
  if (!is_running(static_cast<pid_t>(head_.process))) return {};
  return "was forked from " + parent + " and has recorded nothing of its own: it follows " + parent;
}

bool RecordedProcess::has_library() const {
  std::ifstream maps(folder_of(process_) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/libpymemflow.so") != std::string::npos) return true;
  }
  return false;
}

bool RecordedProcess::is_paused() const {
  std::uint32_t word = 0;
  const ssize_t size = ::pread(file_, &word, sizeof word, interpose::kControlOffset);
  return size == ssize_t{sizeof word} && word != 0;
}

bool RecordedProcess::set_paused(bool is_paused) {
  const std::uint32_t word = is_paused ? 1 : 0;
  return ::pwrite(file_, &word, sizeof word, interpose::kControlOffset) == ssize_t{sizeof word};
}

}  // namespace pymemflow::cli
