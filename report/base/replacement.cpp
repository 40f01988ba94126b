#include "report/base/replacement.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "report/base/output_file.h"

namespace pymemflow::report {
namespace {

int refuse(int error) {
  errno = error;
  return -1;
}

}  // namespace

Replacement::~Replacement() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

int Replacement::open(const char* path, int reading) {
  struct stat old {};
  const bool exists = ::lstat(path, &old) == 0;
  if (exists && (!S_ISREG(old.st_mode) || old.st_uid != ::geteuid())) return refuse(ENOTSUP);
  if (exists && is_kept_file(path, reading)) return refuse(EEXIST);
  path_ = path;
  String name = path_;
  name += ".XXXXXX";
  const int file = ::mkostemp(name.data(), O_CLOEXEC);
  const bool is_folder_closed = errno == EACCES || errno == EPERM || errno == EROFS;
  if (file < 0) return exists && is_folder_closed ? refuse(ENOTSUP) : -1;
  // mkostemp() has made it for its owner alone.
  if (exists) ::fchmod(file, old.st_mode & 0777);
  temporary_ = std::move(name);
  return file;
}

bool Replacement::commit() {
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return false;
  temporary_.clear();
  return true;
}

}  // namespace pymemflow::report
