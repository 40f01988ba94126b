#pragma once
// Keeps the record if its report could not be made: gives a name to a capture that has none. By
// system calls alone.

#include <cstddef>
#include <cstdint>
#include <span>

#include "capture/block.h"

namespace pymemflow::interpose {

// Writes the path to `path`. 0, or an error number. `file` was made by
// platform::open_nameless_file(): the name is in the folder of its disk; a record in memory is
// copied to /var/tmp or /tmp. No name that is taken is touched. At an exit the thread may have a
// descriptor less than before: a program that has used up its descriptors has none for the copy.
int keep_record(int file, EndKind kind, std::uint32_t process, std::span<char> path);

}  // namespace pymemflow::interpose
