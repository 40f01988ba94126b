// The resident set and the heaps, on Linux: /proc/self/statm and mallinfo2().

#include "platform/resident.h"

#include <charconv>
#include <string_view>

#include "platform/linux/next_definition.h"
#include "platform/memory.h"

namespace pymemflow::platform {
namespace {

// As programs that close all descriptors below do not meet it (files.cpp).
constexpr int kLowestForReadings = 512;

// The second number of "SIZE RESIDENT SHARED ...", in pages.
std::uint64_t pages_in(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos || text.back() != '\n') return 0;
  std::uint64_t pages = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + blank + 1, end, pages);
  return error == std::errc() && *stop == ' ' ? pages : 0;
}

// Since glibc 2.33; musl has none.
struct HeapNumbers {
  std::size_t heap_bytes;
  std::size_t others[7];
  std::size_t free_bytes;
  std::size_t trimmable_bytes;
};
using ReadHeaps = HeapNumbers (*)();
constinit ReadHeaps read_heaps = nullptr;

}  // namespace

void ResidentSet::open() {
  if (is_open()) close_file(file_);
  file_ = open_to_read("/proc/self/statm");
  if (file_ >= kLowestForReadings && identify_file(file_, identity_)) return;
  // A program with so few descriptors needs all of them.
  if (file_ >= 0) close_file(file_);
  file_ = -1;
}

bool ResidentSet::is_open() const {
  FileIdentity now{};
  return file_ >= 0 && identify_file(file_, now) && now.device == identity_.device &&
         now.inode == identity_.inode;
}

// A program that closes the descriptor by a system call of its own may have another file there: it
// is read without an effect on it, and is no such line.
std::uint64_t ResidentSet::bytes() {
  char text[128];
  const long got = file_ < 0 ? 0 : read_file(file_, text, sizeof text, 0);
  if (got <= 0) return 0;
  return pages_in({text, static_cast<std::size_t>(got)}) * page_bytes();
}

void find_heap_state() {
  read_heaps = reinterpret_cast<ReadHeaps>(find_next_definition("mallinfo2"));
}

HeapState heap_state() {
  if (read_heaps == nullptr) return {};
  const HeapNumbers now = read_heaps();
  return {now.heap_bytes, now.free_bytes};
}

}  // namespace pymemflow::platform
