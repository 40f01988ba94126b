#include "cli/commands/recorded_process.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "cli/platform/platform.h"

namespace pymemflow::cli {
namespace {

bool is_running(pid_t process) {
  return ::kill(process, 0) == 0 || errno == EPERM;
}

// Of the two files of a capture with a name, the process maps NAME.windows, and the head of the
// other one says so. False: the file is not one that a recorded process maps.
bool read_mapped_head(int file, FileHead& head) {
  if (::pread(file, &head, sizeof head, 0) != ssize_t{sizeof head}) return false;
  if (head.magic == kWindowsMagic) return true;
  std::uint64_t has_windows = 0;
  return head.magic == kFileMagic &&
         ::pread(file, &has_windows, sizeof has_windows, kHasWindowsOffset) ==
             ssize_t{sizeof has_windows} &&
         has_windows == 0;
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
  std::vector<platform::OpenFile> files;
  if (!platform::list_open_files(process_, files)) {
    problem_ = std::strerror(errno);
    return;
  }
  bool has_nameless = false;
  for (const platform::OpenFile& file : files) {
    if (file.bytes < kFileAlignment) continue;
    if (!file.has_path) {
      has_nameless = true;
    } else if (try_file(file)) {
      return;
    }
  }
  problem_ = problem_without_record(has_nameless);
}

bool RecordedProcess::try_file(const platform::OpenFile& open) {
  const int file = platform::open_again(open);
  if (file < 0) return false;
  const bool is_record = read_mapped_head(file, head_);
  if (is_record && !is_own(file)) has_record_of_others_ = true;
  if (!is_record || !is_own(file)) {
    ::close(file);
    return false;
  }
  file_ = file;
  problem_ = problem_of_head();
  return true;
}

// A record belongs to the owner of its process. A file of another user that the process has open is
// not its record and must not be written to.
bool RecordedProcess::is_own(int file) const {
  struct stat status {};
  uid_t owner = 0;
  return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
         platform::find_owner(process_, owner) && status.st_uid == owner;
}

std::string RecordedProcess::problem_without_record(bool has_nameless) const {
  if (!platform::has_library(process_, platform::kLibraryName)) {
    return "does not run under pymemflow: start it with `pymemflow run`";
  }
  if (has_record_of_others_) {
    return "has a record that belongs to another user, as after a change of its own user: such a "
           "record is not written to";
  }
  if (has_nameless) {
    return "runs under pymemflow, but its record has no name, and on this system no other process "
           "can "
           "open such a file; start it with `pymemflow run`, or with PYMEMFLOW_CAPTURE=FILE";
  }
  return "runs under pymemflow, but does not record (no Python has run in it, its options are "
         "wrong, or "
         "its recording has ended)";
}

std::string RecordedProcess::problem_of_head() const {
  if (head_.version != kFormatVersion) {
    return head_.version > kFormatVersion ? "has a newer version of the library than this command"
                                          : "has an older version of the library than this command";
  }
  if (head_.end != EndKind::None) return "has ended its recording";
  const pid_t own = platform::own_id(process_);
  if (head_.process == static_cast<std::uint32_t>(own)) return {};
  if (own != process_) {
    return "was forked and has not recorded anything yet: it follows the process whose id is " +
           std::to_string(head_.process) + " in its container";
  }
  const std::string parent = std::to_string(head_.process);
  if (!is_running(static_cast<pid_t>(head_.process))) return {};
  return "was forked from " + parent + " and has not recorded anything yet: it follows " + parent;
}

bool RecordedProcess::is_paused() const {
  std::uint32_t word = 0;
  const ssize_t size = ::pread(file_, &word, sizeof word, kControlOffset);
  return size == ssize_t{sizeof word} && word != 0;
}

bool RecordedProcess::set_paused(bool is_paused) {
  // Before the pause: a record that lacks calls says so.
  constexpr char kYes = static_cast<char>(kSet);
  constexpr std::size_t kStopped = kUnseenOffset + static_cast<std::size_t>(Unseen::Stopped);
  if (is_paused && ::pwrite(file_, &kYes, sizeof kYes, kStopped) != ssize_t{sizeof kYes}) {
    return false;
  }
  const std::uint32_t word = is_paused ? 1 : 0;
  return ::pwrite(file_, &word, sizeof word, kControlOffset) == ssize_t{sizeof word};
}

bool is_written_by(const std::string& capture, pid_t process) {
  std::vector<platform::OpenFile> files;
  if (!platform::list_open_files(process, files)) return false;
  for (const std::string& path : {capture, capture + kWindowsSuffix}) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) continue;
    const auto device = static_cast<std::uint64_t>(status.st_dev);
    for (const platform::OpenFile& file : files) {
      if (file.device == device && file.inode == status.st_ino) return true;
    }
  }
  return false;
}

}  // namespace pymemflow::cli
