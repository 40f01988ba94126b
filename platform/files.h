#pragma once
// Files. May be called inside a hook: takes no lock, allocates nothing and keeps errno. Functions
// that return an int as an outcome return 0 or an error number, unless they say otherwise.

#include <cstddef>
#include <cstdint>
#include <span>

namespace pymemflow::platform {

// Opens a file without a name for reading and writing. exec closes its descriptor, which lies above
// those that programs count on. Returns the descriptor, or a negative error number.
int open_nameless_file();
// Creates a file that does not exist yet, for its user alone, with such a descriptor. Returns the
// descriptor, or a negative error number.
int make_file(const char* path);
// Opens an existing file for reading and writing; a link is not followed. exec closes its
// descriptor. Returns the descriptor, or a negative error number.
int open_file(const char* path);
// Opens an existing file for reading; a link is not followed. exec closes its descriptor, which on
// Linux lies above those that programs count on. Returns it, or a negative error number.
int open_to_read(const char* path);
void remove_file(const char* path);
void close_file(int file);
// Makes the descriptor `to` mean the file of `from`, and closes `from`.
void move_file(int from, int to);
// Free space on the disk of the file, or free memory where the file lies in memory.
std::uint64_t free_bytes_for(int file);
// The size up to which the file may grow, unless the user gives another: half of the free space. A
// file in memory takes at most an eighth of what the control groups of the process allow.
std::uint64_t default_limit_for(int file);
// The limit on the size of a file of this process. Past it a signal would end the program.
std::uint64_t allowed_file_bytes();
// Makes sure that the disk has room for the range.
int reserve_file(int file, std::uint64_t offset, std::size_t bytes);
// Writes all of the data.
int write_file(int file, const void* data, std::size_t bytes, std::uint64_t offset);
// Writes `front` and then `data` right after it.
int write_file(int file, std::span<const char> front, const void* data, std::size_t bytes,
               std::uint64_t offset);
// Reads as much of the data as the file has. A negative error number, or the bytes that were read.
long read_file(int file, void* data, std::size_t bytes, std::uint64_t offset);
// The first byte from `offset` on for which the file system has data, or kNoData. `offset`, where a
// file system does not know its holes.
inline constexpr std::uint64_t kNoData = ~std::uint64_t{0};
std::uint64_t next_data(int file, std::uint64_t offset);
// The current size of the file.
std::uint64_t file_bytes(int file);

// Tells whether `file` is still the file that had this identity: a program may close descriptors
// that it does not know, and the number then means another file.
struct FileIdentity {
  std::uint64_t device;
  std::uint64_t inode;
};
bool identify_file(int file, FileIdentity& identity);
// As identify_file(); also how large the file is and how many names it has.
struct FileState {
  FileIdentity identity;
  std::uint64_t bytes;
  std::uint64_t names;
};
bool look_at_file(int file, FileState& state);
// The time of day at which the file of that name was changed last; 0: there is no such file. A link
// is not followed.
std::uint64_t changed_ns(const char* path);
// Removes the name if it is one of the file with this identity. False: it is not, or cannot be
// removed.
bool remove_name_of(const FileIdentity& identity, const char* path);

}  // namespace pymemflow::platform
