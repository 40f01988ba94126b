#include "interpose/library/errors.h"

#include <cerrno>
#include <charconv>
#include <cstring>

namespace pymemflow::interpose {
namespace {

struct ErrorName {
  int error;
  std::string_view text;
};

// Those that the calls of the library can meet, as the C library words them.
constexpr ErrorName kErrors[] = {
    {EPERM, "Operation not permitted"},
    {ENOENT, "No such file or directory"},
    {EIO, "Input/output error"},
    {ENXIO, "No such device or address"},
    {E2BIG, "Argument list too long"},
    {ENOEXEC, "Exec format error"},
    {EBADF, "Bad file descriptor"},
    {EAGAIN, "Resource temporarily unavailable"},
    {ENOMEM, "Cannot allocate memory"},
    {EACCES, "Permission denied"},
    {EFAULT, "Bad address"},
    {EBUSY, "Device or resource busy"},
    {EEXIST, "File exists"},
    {EXDEV, "Invalid cross-device link"},
    {ENOTDIR, "Not a directory"},
    {EISDIR, "Is a directory"},
    {EINVAL, "Invalid argument"},
    {ENFILE, "Too many open files in system"},
    {EMFILE, "Too many open files"},
    {EFBIG, "File too large"},
    {ENOSPC, "No space left on device"},
    {EROFS, "Read-only file system"},
    {EPIPE, "Broken pipe"},
    {ENAMETOOLONG, "File name too long"},
    {ENOSYS, "Function not implemented"},
    {ELOOP, "Too many levels of symbolic links"},
    {EOPNOTSUPP, "Operation not supported"},
    {EDQUOT, "Disk quota exceeded"},
};

}  // namespace

std::string_view error_text(int error) {
  for (const ErrorName& known : kErrors) {
    if (known.error == error) return known.text;
  }
  static char text[32] = "error ";
  constexpr std::size_t kFixed = sizeof "error " - 1;
  const char* const end = std::to_chars(text + kFixed, text + sizeof text, error).ptr;
  return {text, static_cast<std::size_t>(end - text)};
}

}  // namespace pymemflow::interpose
