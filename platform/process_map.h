#pragma once
// The map of this process: what is mapped where, and which pages of it are resident. For the end of
// a process: takes system calls whose cost grows with the process. Takes no lock, allocates nothing
// and keeps errno. Linux alone; elsewhere open() returns ENOSYS.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pymemflow::platform {

// A mapping, as /proc/PID/smaps has it.
struct MappedArea {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t resident_bytes = 0;
  bool is_accessible = false;  // it can be read, written or executed
  bool is_file = false;
  // It has pages that other processes have too, such as a forked child.
  bool has_shared_pages = false;
  std::string_view name = {};  // a path, or "[heap]"; valid during the call
};

class ProcessMap {
 public:
  // `scratch` is used until close(); it must have some KiB, and more is quicker.
  explicit ProcessMap(std::span<char> scratch) : scratch_(scratch) {}
  ProcessMap(const ProcessMap&) = delete;
  ProcessMap& operator=(const ProcessMap&) = delete;
  ~ProcessMap() { close(); }

  // 0, or an error number.
  int open();
  void close();

  // Calls visit_area() for each mapping, by address, until it returns false. 0, or an error number.
  using VisitArea = bool (*)(const MappedArea& area, void* context);
  int visit(VisitArea visit_area, void* context);

  // Sets a bit for each resident page of `area` from page `first` on, 64 of them per word, and
  // clears those of other pages, also of pages that have never been written to. Returns the words
  // that were set; 0: the kernel does not tell. May be called in visit_area().
  std::size_t pages(const MappedArea& area, std::uint64_t first, std::span<std::uint64_t> words);

  // The peak of the resident set, of this program image; 0: unknown.
  std::uint64_t peak_bytes() const;

 private:
  [[maybe_unused]] std::span<char> scratch_;
  [[maybe_unused]] int smaps_ = -1;
  [[maybe_unused]] int pagemap_ = -1;
};

}  // namespace pymemflow::platform
