#pragma once
// The path of an output: the descriptors that it can name, and the symlinks that are followed on
// the way to its file. Report side, any thread; descriptor_in() by the end of a host as well.

#include <charconv>
#include <string_view>
#include <system_error>

#include "options/options.h"
#include "report/base/memory.h"

namespace pymemflow::report {

// The number of the open descriptor that the path names (-, /dev/stdout, /dev/fd/5); -1: it is
// another path. Such an output is written to as it is: opened by its name, a file would be written
// from its beginning. Every output of the library and the command asks here.
inline int descriptor_in(std::string_view path) {
  if (path == kStandardOutput || path == "/dev/stdout") return 1;
  if (path == "/dev/stderr") return 2;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    int number = -1;
    if (!path.starts_with(folder)) continue;
    const char* const end = path.data() + path.size();
    const auto read = std::from_chars(path.data() + folder.size(), end, number);
    return read.ec == std::errc() && read.ptr == end ? number : -1;
  }
  return -1;
}

// The errno because of which no file can be made at the path; 0: one can, as far as its folder
// tells, or the path names a descriptor. Allocates nothing.
int folder_problem(std::string_view path);

// Whether the reports of several processes follow each other there: a descriptor or a device. A
// pipe is not one, since its reader is gone when the first report ends.
bool takes_several_reports(const char* path);

// Whether users other than this one and root may put files into the folder of the path.
bool is_in_shared_folder(const char* path);

// Follows the symlinks that the path names, so that the result names none. False: EACCES, since
// another user may have put a link there, or may replace it; or another errno.
//
// A link is followed if it is this user's or root's and, in a folder that others may write to, has
// no other name and is kept from them by the folder's sticky bit. So nobody else can have placed
// it, and it stays while its text is read.
bool follow_links(const char* path, String& result);

}  // namespace pymemflow::report
