#pragma once
// What another process has open and has loaded, without stopping it: as much as the system tells
// the same user. One thread.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace pymemflow::cli::platform {

// A regular file that a process has open.
struct OpenFile {
  std::string path;         // by which others can open it
  bool has_path = true;     // false: it has no name any more, and the system offers no other way
  std::uint64_t bytes = 0;  // its size
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

// False: it cannot be looked at, and errno says why.
bool list_open_files(pid_t process, std::vector<OpenFile>& files);

// The very file, to be read and written; -1: it cannot be opened, or another one has its path.
int open_again(const OpenFile& file);

// The user whose process it is, as far as files are concerned. False: it is gone.
bool find_owner(pid_t process, uid_t& owner);

// Whether a library whose file has this name is loaded there.
bool has_library(pid_t process, const std::string& name);

}  // namespace pymemflow::cli::platform
