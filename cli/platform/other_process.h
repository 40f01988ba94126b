#pragma once
// Lists the open files and loaded libraries of another process, without stopping it. The system
// tells this to the same user. One thread.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace pymemflow::cli::platform {

// A regular file that a process has open.
struct OpenFile {
  std::string path;         // another process can open the file by it
  bool has_path = true;     // false: the file was deleted, and cannot be opened from outside
  std::uint64_t bytes = 0;  // its size
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

// False: the process cannot be inspected; errno says why.
bool list_open_files(pid_t process, std::vector<OpenFile>& files);

// Opens that file for reading and writing. -1: it cannot be opened, or its path names another file.
int open_again(const OpenFile& file);

// The owner of the files that the process creates. False: the process has ended.
bool find_owner(pid_t process, uid_t& owner);

// The id that the process has in its own namespace of ids, which its record has: another one if it
// runs in a container.
pid_t own_id(pid_t process);

// A process that the running program has started, or a process that this one has started.
struct RunningProcess {
  pid_t process = 0;
  pid_t own_id = 0;          // as own_id()
  std::string program = {};  // the path of its file; empty: unknown
  std::string words = {};    // its command line: each word ends with a zero byte
};

// The descendants of this process that have not ended. None, where the system does not tell.
std::vector<RunningProcess> list_descendants();

// True if the process has loaded a library whose file has this name.
bool has_library(pid_t process, const std::string& name);

}  // namespace pymemflow::cli::platform
