#include "report/base/replacement.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "report/base/output_file.h"
#include "report/base/output_path.h"

namespace pymemflow::report {
namespace {

int refuse(int error) {
  errno = error;
  return -1;
}

bool is_own_regular(const struct stat& facts) {
  return S_ISREG(facts.st_mode) && facts.st_uid == ::geteuid();
}

}  // namespace

Replacement::~Replacement() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

int Replacement::open(const char* path, int reading) {
  if (descriptor_in(path) >= 0) return refuse(ENOTSUP);
  String target;
  if (!follow_links(path, target)) return -1;
  struct stat old {};
  const bool exists = ::lstat(target.c_str(), &old) == 0;
  if (exists && !is_own_regular(old)) return refuse(ENOTSUP);
  if (exists && is_kept_file(target.c_str(), reading)) return refuse(EEXIST);
  path_ = std::move(target);
  temporary_ = path_;
  temporary_ += ".XXXXXX";
  const int file = noted_.make_file(temporary_.data());
  const bool is_folder_closed = errno == EACCES || errno == EPERM || errno == EROFS;
  if (file < 0) temporary_.clear();
  if (file < 0) return exists && is_folder_closed ? refuse(ENOTSUP) : -1;
  if (exists) ::fchmod(file, old.st_mode & 0777);
  return file;
}

bool Replacement::commit() {
  // Another file may have come to the path meanwhile. rename() never follows a link.
  struct stat now {};
  const bool exists = ::lstat(path_.c_str(), &now) == 0;
  if (exists && (!is_own_regular(now) || is_kept_file(path_.c_str(), -1))) {
    errno = is_own_regular(now) ? EEXIST : EACCES;
    return false;
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return false;
  noted_.forget();
  temporary_.clear();
  return true;
}

}  // namespace pymemflow::report
