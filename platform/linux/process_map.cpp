// The map of this process, on Linux: smaps, pagemap and status of /proc/thread-self. (/proc/self is
// the first thread, and empty once that has ended.)

#include "platform/process_map.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "platform/files.h"
#include "platform/memory.h"

namespace pymemflow::platform {
namespace {

// Of an entry of pagemap. A page of zeros that is shared by all processes is present and neither of
// a file nor exclusive, and does not count as resident.
constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
constexpr std::uint64_t kOfFile = std::uint64_t{1} << 61;
constexpr std::uint64_t kExclusive = std::uint64_t{1} << 56;

constexpr std::size_t kEntriesAtOnce = 512;

std::uint64_t number_at(std::string_view text, int base = 10) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

// Splits the next field off.
std::string_view take_field(std::string_view& line) {
  line = without_blanks(line);
  const std::string_view field = line.substr(0, line.find(' '));
  line.remove_prefix(field.size());
  return field;
}

// "7f00-7f10 rw-p 00000000 fe:01 1234   /path". False: it is another line.
bool read_head(std::string_view line, MappedArea& area) {
  const std::string_view range = take_field(line);
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos || range.back() == ':') return false;
  area = {};
  area.start = number_at(range.substr(0, dash), 16);
  area.end = number_at(range.substr(dash + 1), 16);
  area.is_accessible = !take_field(line).starts_with("---");
  take_field(line);  // offset
  take_field(line);  // device
  area.is_file = number_at(take_field(line)) != 0;
  area.name = without_blanks(line);
  return true;
}

// "Rss:      12 kB"
bool read_kilobytes(std::string_view line, std::string_view label, std::uint64_t& bytes) {
  if (!line.starts_with(label)) return false;
  bytes = number_at(without_blanks(line.substr(label.size()))) << 10;
  return true;
}

// Takes the lines of smaps, and tells of an area once all of its lines are there.
class Lines {
 public:
  Lines(ProcessMap::VisitArea visit_area, void* context) : visit_(visit_area), context_(context) {}

  bool take(std::string_view line) {
    MappedArea next;
    if (read_head(line, next)) {
      if (!finish()) return false;
      area_ = next;
      name_bytes_ = std::min(next.name.size(), sizeof name_);
      std::memcpy(name_, next.name.data(), name_bytes_);
      return true;
    }
    std::uint64_t shared = 0;
    if (read_kilobytes(line, "Rss:", area_.resident_bytes)) return true;
    if (read_kilobytes(line, "Shared_Clean:", shared) ||
        read_kilobytes(line, "Shared_Dirty:", shared)) {
      area_.has_shared_pages = area_.has_shared_pages || shared != 0;
    }
    return true;
  }
  bool finish() {
    if (area_.end == 0) return true;
    area_.name = {name_, name_bytes_};
    return visit_(area_, context_);
  }

 private:
  const ProcessMap::VisitArea visit_;
  void* const context_;
  MappedArea area_;
  char name_[512];
  std::size_t name_bytes_ = 0;
};

}  // namespace

int ProcessMap::open() {
  smaps_ = open_to_read("/proc/thread-self/smaps");
  if (smaps_ < 0) return -smaps_;
  pagemap_ = open_to_read("/proc/thread-self/pagemap");
  return 0;
}

void ProcessMap::close() {
  if (smaps_ >= 0) close_file(smaps_);
  if (pagemap_ >= 0) close_file(pagemap_);
  smaps_ = pagemap_ = -1;
}

int ProcessMap::visit(VisitArea visit_area, void* context) {
  Lines lines(visit_area, context);
  std::uint64_t offset = 0;
  std::size_t held = 0;  // of a line that is not complete yet
  for (;;) {
    const long got = read_file(smaps_, scratch_.data() + held, scratch_.size() - held, offset);
    if (got < 0) return static_cast<int>(-got);
    if (got == 0) break;
    offset += static_cast<std::uint64_t>(got);
    const std::string_view text(scratch_.data(), held + static_cast<std::size_t>(got));
    std::size_t start = 0;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos;
         end = text.find('\n', start)) {
      if (!lines.take(text.substr(start, end - start))) return ECANCELED;
      start = end + 1;
    }
    held = text.size() - start;
    if (held == scratch_.size()) return EINVAL;
    std::memmove(scratch_.data(), text.data() + start, held);
  }
  if (offset == 0) return ENODATA;
  return lines.finish() ? 0 : ECANCELED;
}

std::size_t ProcessMap::pages(const MappedArea& area, std::uint64_t first,
                              std::span<std::uint64_t> words) {
  const auto page_bytes = std::uint64_t{platform::page_bytes()};
  const std::uint64_t left = (area.end - area.start) / page_bytes - first;
  const std::uint64_t count = std::min<std::uint64_t>(left, words.size() * 64);
  if (pagemap_ < 0) return 0;
  const std::uint64_t wanted = area.has_shared_pages ? kPresent : kExclusive | kOfFile;
  std::uint64_t entries[kEntriesAtOnce];
  for (std::uint64_t done = 0; done < count;) {
    const std::uint64_t some = std::min<std::uint64_t>(count - done, kEntriesAtOnce);
    const std::uint64_t page = area.start / page_bytes + first + done;
    const long got = read_file(pagemap_, entries, some * sizeof *entries, page * sizeof *entries);
    if (got != static_cast<long>(some * sizeof *entries)) return 0;
    for (std::uint64_t i = 0; i < some; ++i, ++done) {
      std::uint64_t& word = words[done / 64];
      if (done % 64 == 0) word = 0;
      const bool is_resident = (entries[i] & kPresent) != 0 && (entries[i] & wanted) != 0;
      word |= std::uint64_t{is_resident} << done % 64;
    }
  }
  return (count + 63) / 64;
}

std::uint64_t ProcessMap::peak_bytes() const {
  const int file = open_to_read("/proc/thread-self/status");
  if (file < 0) return 0;
  char text[4096];
  const long got = read_file(file, text, sizeof text, 0);
  close_file(file);
  const std::string_view all(text, got < 0 ? 0 : static_cast<std::size_t>(got));
  constexpr std::string_view kLabel = "\nVmHWM:";
  const std::size_t at = all.find(kLabel);
  std::uint64_t bytes = 0;
  if (at != std::string_view::npos) read_kilobytes(all.substr(at + 1), kLabel.substr(1), bytes);
  return bytes;
}

}  // namespace pymemflow::platform
