// Another process, through libproc, which answers the same user. A deleted file cannot be opened
// from another process: macOS has no folder of open files, and a task port is not available.

#include <fcntl.h>
#include <libproc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "cli/platform/other_process.h"

namespace pymemflow::cli::platform {
namespace {

bool is_there(const OpenFile& file) {
  struct stat status {};
  return ::stat(file.path.c_str(), &status) == 0 && status.st_ino == file.inode &&
         static_cast<std::uint64_t>(status.st_dev) == file.device;
}

// False: the file is not a regular file, or was closed meanwhile.
bool describe(pid_t process, int number, OpenFile& file) {
  vnode_fdinfowithpath found;
  const int bytes =
      ::proc_pidfdinfo(process, number, PROC_PIDFDVNODEPATHINFO, &found, sizeof found);
  if (bytes != int{sizeof found} || !S_ISREG(found.pvip.vip_vi.vi_stat.vst_mode)) return false;
  const vinfo_stat& facts = found.pvip.vip_vi.vi_stat;
  file.path = found.pvip.vip_path;
  file.bytes = static_cast<std::uint64_t>(facts.vst_size);
  file.device = facts.vst_dev;
  file.inode = facts.vst_ino;
  file.has_path = is_there(file);
  return true;
}

}  // namespace

// A process that is left behind there is not found: it is the child of launchd.
std::vector<RunningProcess> list_descendants() {
  return {};
}

bool list_open_files(pid_t process, std::vector<OpenFile>& files) {
  std::vector<proc_fdinfo> numbers(64);
  int bytes = 0;
  while (true) {
    const int room = static_cast<int>(numbers.size() * sizeof(proc_fdinfo));
    bytes = ::proc_pidinfo(process, PROC_PIDLISTFDS, 0, numbers.data(), room);
    if (bytes <= 0) return false;
    if (bytes < room) break;
    numbers.resize(numbers.size() * 2);
  }
  numbers.resize(static_cast<std::size_t>(bytes) / sizeof(proc_fdinfo));
  for (const proc_fdinfo& each : numbers) {
    if (each.proc_fdtype != PROX_FDTYPE_VNODE) continue;
    OpenFile file;
    if (describe(process, each.proc_fd, file)) files.push_back(file);
  }
  return true;
}

int open_again(const OpenFile& file) {
  const int again = ::open(file.path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat status {};
  if (again < 0) return -1;
  if (::fstat(again, &status) == 0 && status.st_ino == file.inode &&
      static_cast<std::uint64_t>(status.st_dev) == file.device) {
    return again;
  }
  ::close(again);
  return -1;
}

bool find_owner(pid_t process, uid_t& owner) {
  proc_bsdinfo facts;
  const int bytes = ::proc_pidinfo(process, PROC_PIDTBSDINFO, 0, &facts, sizeof facts);
  if (bytes != int{sizeof facts}) return false;
  owner = facts.pbi_uid;
  return true;
}

// There are no namespaces of ids.
pid_t own_id(pid_t process) {
  return process;
}

// Looks at the file of each memory region.
bool has_library(pid_t process, const std::string& name) {
  proc_regionwithpathinfo region;
  for (std::uint64_t at = 0;; at = region.prp_prinfo.pri_address + region.prp_prinfo.pri_size) {
    const int bytes = ::proc_pidinfo(process, PROC_PIDREGIONPATHINFO, at, &region, sizeof region);
    if (bytes != int{sizeof region} || region.prp_prinfo.pri_size == 0) return false;
    if (std::string(region.prp_vip.vip_path).ends_with("/" + name)) return true;
  }
}

}  // namespace pymemflow::cli::platform
