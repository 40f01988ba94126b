#pragma once
// What an operating system must provide; one file a system, chosen by CMake, implements it. Nothing
// here allocates, locks, throws or changes errno, and failures are return values, so every function
// but those that take the loader's lock may be called from inside a hook.

#include <cstddef>
#include <cstdint>
#include <span>

namespace pymemflow::platform {

// A search that found nothing leaves a message for the program's next dlerror(): takes it back.
void forget_loader_error();

// How many libraries the loader has added in the life of this process. Takes the loader's lock.
std::uint64_t count_added_libraries();

// Calls visit(path, address, context) for each loaded library, the program itself included (its
// path is empty), that defines the function `name`. It is called with the loader's lock held, and
// must not use the loader. Takes the loader's lock: outside of allocator hooks only.
void visit_definitions(const char* name,
                       void (*visit)(const char* path, void* address, void* context),
                       void* context);

std::uint32_t process_id();
std::uint32_t thread_id();
// What pthread_self() returns, as a number.
std::uintptr_t thread_self();
// False only when the thread is certainly gone.
bool is_thread_alive(std::uint32_t process, std::uint32_t thread);

void sleep_us(std::uint32_t microseconds);

std::uint64_t monotonic_ns();
std::uint64_t realtime_ns();

// Zero pages of this process alone; null on failure.
void* map_private(std::size_t bytes);
// The same, but a forked child finds them zero again.
void* map_zero_in_child(std::size_t bytes);
// `bytes` of the file from `offset` on, shared; null on failure.
void* map_file(int file, std::uint64_t offset, std::size_t bytes);
void unmap(void* start, std::size_t bytes);

// A file without a name, to be read and written; -1 on failure. Its descriptor is closed by exec
// and lies above those that programs count on.
int open_nameless_file();
// Makes a file that is not there yet, for its user alone; its descriptor as above. The descriptor,
// or a negative error number.
int make_file(const char* path);
void remove_file(const char* path);
void close_file(int file);
// What is free on the disk of the file, or in memory where it lies there.
std::uint64_t free_bytes_for(int file);
// What a file of this process may grow to; past it a signal would come that ends the program.
std::uint64_t allowed_file_bytes();
// Makes sure that the range exists on the disk. 0, or an error number.
int reserve_file(int file, std::uint64_t offset, std::size_t bytes);
// Writes all of it. 0, or an error number.
int write_file(int file, const void* data, std::size_t bytes, std::uint64_t offset);
// The same, `front` and then `data`, which comes right after it.
int write_file(int file, std::span<const char> front, const void* data, std::size_t bytes,
               std::uint64_t offset);
// The size of the file now.
std::uint64_t file_bytes(int file);
// Whether `file` is still the file that had this identity (a program may close what it does not
// know, and the number then means another file).
struct FileIdentity {
  std::uint64_t device;
  std::uint64_t inode;
};
bool identify_file(int file, FileIdentity& identity);

// A file mapped executable into this process.
struct Mapping {
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t offset;
  std::uint64_t image;  // where the file's first byte is mapped; 0: unknown
  const char* path;     // path_bytes long, not terminated; lives for the duration of the call
  std::size_t path_bytes;
};
// Calls visit(mapping, context) for each executable mapping of a file. `scratch` must hold the
// longest line that names one (8 KiB do); it is the caller's, since a signal's stack may be small.
void visit_modules(std::span<char> scratch, void (*visit)(const Mapping&, void*), void* context);

// The build id of a mapped file: what tells later whether a file of the same path is still the same
// file. `image`: where its first byte is mapped; another thread may unmap it at any time. The bytes
// of the id; 0: it has none, or more than fit, or the file is not where the loader would have to
// have put it.
std::size_t find_build_id(std::uint64_t image, std::span<unsigned char> id);

// Of this process.
char** environment();
// False: the program has more rights than whoever started it and set its environment.
bool is_environment_trusted();
// Its words, each with a zero at its end, in pieces.
using ReadPiece = void (*)(const char* bytes, std::size_t size, void* context);
void visit_command_line(ReadPiece visit, void* context);
// Whether the kernel may know what to do with a file: false where its first bytes say that it does
// not.
bool could_run(const char* path);
// This host and its system, a line each: name, system, release, machine. The size of the text.
std::size_t describe_host(std::span<char> text);
// Copies memory of this process that may not be there. False: it is not.
bool copy_memory(void* to, std::uint64_t from, std::size_t bytes);

// One line to the program's standard error.
void write_line(std::span<const char> text);

}  // namespace pymemflow::platform
