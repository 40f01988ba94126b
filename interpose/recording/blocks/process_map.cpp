#include "interpose/recording/blocks/process_map.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "capture/process_map.h"
#include "interpose/recording/blocks/definition_stream.h"
#include "platform/memory.h"
#include "platform/own_ranges.h"
#include "platform/process_map.h"

namespace pymemflow::interpose {
namespace {

constexpr std::size_t kScratchBytes = std::size_t{64} << 10;
// Of a bitmap that is read at once: those of 64 MiB.
constexpr std::size_t kGroupsAtOnce = 256;
// The pages that are looked up one by one: those of 64 GiB, which takes half a second.
constexpr std::uint64_t kMostPages = std::uint64_t{1} << 24;

AreaKind kind_of_area(const platform::MappedArea& area) {
  if (area.is_file) return AreaKind::File;
  if (!area.is_accessible) return AreaKind::Inaccessible;
  if (area.name == "[heap]") return AreaKind::Heap;
  if (area.name == "[stack]") return AreaKind::Stack;
  const bool is_system = area.name.starts_with('[') && !area.name.starts_with("[anon");
  return is_system ? AreaKind::System : AreaKind::Anonymous;
}

// The file that another failure would be written to is complete but for the map.
void ignore_failure(int) {}

class MapWriter {
 public:
  MapWriter(Destination& destination, std::uint64_t blocks, char* scratch)
      : map_({scratch, kScratchBytes}), before_(blocks) {
    stream_.begin(destination, 0);
    stream_.continue_after(blocks);
  }

  std::uint64_t write(VisitThreads threads) {
    int problem = map_.open();
    if (problem == 0) problem = map_.visit(visit_area, this);
    if (problem == 0 && !(write_file() && write_rest(threads))) problem = ENOSPC;
    map_.close();
    write_head(problem);
    stream_.finish();
    return stream_.blocks() - before_;
  }

 private:
  static bool visit_area(const platform::MappedArea& area, void* context) {
    return static_cast<MapWriter*>(context)->take(area);
  }

  bool take(const platform::MappedArea& area) {
    if (area.start >> 63 != 0) return true;  // [vsyscall], in the kernel's half
    resident_ += area.resident_bytes;
    const AreaKind kind = kind_of_area(area);
    if (kind == AreaKind::File) return take_file(area);
    if (!write_file() || !write(kind, area)) return false;
    const bool is_partly_resident =
        area.resident_bytes != 0 && area.resident_bytes < area.end - area.start;
    return !is_partly_resident || kind == AreaKind::System || write_pages(area);
  }

  // A file is mapped in parts with different rights: what is adjacent becomes one area.
  bool take_file(const platform::MappedArea& area) {
    const std::string_view name = area.name.substr(0, kMaxAreaName);
    if (file_.end == area.start && name == std::string_view(name_, file_.name.size())) {
      file_.end = area.end;
      file_.resident_bytes += area.resident_bytes;
      return true;
    }
    if (!write_file()) return false;
    file_ = area;
    std::memcpy(name_, name.data(), name.size());
    file_.name = {name_, name.size()};
    return true;
  }
  bool write_file() {
    const bool is_written = file_.end == 0 || write(AreaKind::File, file_);
    file_ = {};
    return is_written;
  }

  bool write(AreaKind kind, const platform::MappedArea& area) {
    const std::string_view name = area.name.substr(0, kMaxAreaName);
    const std::size_t words = area_words(name.size());
    Word* const record = stream_.make_room(words);
    if (record == nullptr) return false;
    record[1] = area.start;
    record[2] = area.end;
    record[3] = area.resident_bytes;
    if (!name.empty()) std::memcpy(record + kAreaWords, name.data(), name.size());
    stream_.commit(area_head(kind, name.size()), words);
    ++areas_;
    return true;
  }

  bool write_pages(const platform::MappedArea& area) {
    const std::uint64_t pages = (area.end - area.start) / page_bytes_;
    if (pages > kMostPages - pages_) return true;  // its pages are not known one by one
    pages_ += pages;
    for (std::uint64_t first = 0; first < pages; first += kGroupsAtOnce * kPagesInGroup) {
      std::uint64_t groups[kGroupsAtOnce];
      const std::size_t count = map_.pages(area, first, groups);
      if (count == 0) return true;
      if (!write_groups(first / kPagesInGroup, {groups, count})) return false;
    }
    return true;
  }
  // Leaves groups out of which no page is resident.
  bool write_groups(std::uint64_t first, std::span<const std::uint64_t> groups) {
    for (std::size_t i = 0; i < groups.size();) {
      if (groups[i] == 0) {
        ++i;
        continue;
      }
      const bool are_all = groups[i] == kAll;
      std::size_t end = i + 1;
      while (end < groups.size() && groups[end] != 0 && (groups[end] == kAll) == are_all) ++end;
      if (!write_run(first + i, groups.subspan(i, end - i), are_all)) return false;
      i = end;
    }
    return true;
  }
  bool write_run(std::uint64_t first, std::span<const std::uint64_t> groups, bool are_all) {
    const std::size_t bitmap = are_all ? 0 : groups.size();
    Word* const record = stream_.make_room(kPagesWords + bitmap);
    if (record == nullptr) return false;
    record[1] = groups.size();
    std::copy_n(groups.begin(), bitmap, record + kPagesWords);
    stream_.commit(pages_head(static_cast<std::uint32_t>(first), bitmap), kPagesWords + bitmap);
    return true;
  }

  bool write_rest(VisitThreads threads) {
    threads(
        [](std::uintptr_t address, void* context) {
          static_cast<MapWriter*>(context)->write(AreaKind::Thread,
                                                  {.start = address, .end = address + 1});
        },
        this);
    platform::visit_own_ranges(
        [](std::uint64_t start, std::uint64_t bytes, void* context) {
          static_cast<MapWriter*>(context)->write(AreaKind::Own,
                                                  {.start = start, .end = start + bytes});
        },
        this);
    return true;
  }

  void write_head(int problem) {
    Word* const record = stream_.make_room(kProcessMapWords);
    if (record == nullptr) return;
    record[1] = page_bytes_;
    record[2] = problem == 0 ? resident_ : 0;
    record[3] = map_.peak_bytes();
    record[4] = static_cast<std::uint64_t>(problem);
    stream_.commit(extended_head(ExtendedKind::ProcessMap, kProcessMapWords, areas_),
                   kProcessMapWords);
  }

  static constexpr std::uint64_t kAll = ~std::uint64_t{0};

  platform::ProcessMap map_;
  DefinitionStream stream_{};
  const std::uint64_t before_;
  const std::uint64_t page_bytes_ = platform::page_bytes();
  platform::MappedArea file_;
  char name_[kMaxAreaName + 1];
  std::uint32_t areas_ = 0;
  std::uint64_t pages_ = 0;
  std::uint64_t resident_ = 0;
};

}  // namespace

std::uint64_t write_process_map(Destination& destination, std::uint64_t blocks,
                                VisitThreads threads) {
  // Under a filter nothing can be read.
  if (destination.file.uses_spare_blocks()) return 0;
  auto* const scratch = static_cast<char*>(platform::map_private(kScratchBytes));
  if (scratch == nullptr) return 0;
  const auto on_failure = destination.on_failure;
  destination.on_failure = ignore_failure;
  const std::uint64_t added = MapWriter(destination, blocks, scratch).write(threads);
  destination.on_failure = on_failure;
  platform::unmap(scratch, kScratchBytes);
  return added;
}

}  // namespace pymemflow::interpose
