#include "report/reader/process_map.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace pymemflow::report {
namespace {

bool is_page_size(std::uint64_t bytes) {
  return std::has_single_bit(bytes) && bytes >= 4096 && bytes <= std::uint64_t{1} << 20;
}

// More than an address can have.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 57;

}  // namespace

void ProcessMap::clear() {
  *this = {};
}

bool ProcessMap::take_area(std::span<const Word> record) {
  // A map that follows another one replaces it.
  if (is_there_) clear();
  const std::uint32_t number = extended_number(record[0]);
  const std::size_t name_bytes = number >> 8;
  const bool is_right = (number & 0xff) < kAreaKinds && name_bytes <= kMaxAreaName &&
                        record.size() == area_words(name_bytes) && record[1] < record[2] &&
                        record[2] <= kMostBytes && record[3] <= record[2] - record[1];
  if (!is_right) {
    is_damaged_ = true;
    return false;
  }
  MapArea area;
  area.kind = static_cast<AreaKind>(number & 0xff);
  area.start = record[1];
  area.end = record[2];
  area.resident = record[3];
  area.first_run = runs_.size();
  area.name.assign(reinterpret_cast<const char*>(record.data() + kAreaWords), name_bytes);
  (is_part_of_map(area.kind) ? areas_ : notes_).push_back(std::move(area));
  ++taken_;
  return true;
}

bool ProcessMap::take_pages(std::span<const Word> record) {
  const std::uint64_t groups = record.size() < kPagesWords ? 0 : record[1];
  const std::size_t bitmap = record.size() - kPagesWords;
  const bool is_right = !is_there_ && !areas_.empty() && notes_.empty() && groups != 0 &&
                        groups <= kMostBytes / 4096 / kPagesInGroup &&
                        (bitmap == 0 || bitmap == groups);
  if (!is_right) {
    is_damaged_ = true;
    return false;
  }
  Run run;
  run.first = std::uint64_t{extended_number(record[0])} * kPagesInGroup;
  run.pages = groups * kPagesInGroup;
  if (bitmap != 0) {
    run.words = words_.size();
    words_.insert(words_.end(), record.begin() + kPagesWords, record.end());
  }
  runs_.push_back(run);
  ++areas_.back().runs;
  return true;
}

bool ProcessMap::take_end(std::span<const Word> record) {
  if (is_there_) clear();
  const bool is_right = record.size() == kProcessMapWords && is_page_size(record[1]) &&
                        record[4] <= 4096 && extended_number(record[0]) == taken_ && !is_damaged_;
  if (!is_right) {
    clear();
    return false;
  }
  page_bytes_ = record[1];
  resident_ = record[2];
  peak_ = record[3];
  problem_ = static_cast<int>(record[4]);
  if (!are_areas_right() || !count_pages()) {
    clear();
    return false;
  }
  whole_.resize(areas_.size());
  std::uint64_t resident = 0;
  for (std::size_t i = 0; i < areas_.size(); ++i) {
    whole_[i] = resident;
    resident += resident_part(areas_[i], areas_[i].start, areas_[i].end);
  }
  is_there_ = true;
  return true;
}

bool ProcessMap::are_areas_right() const {
  std::uint64_t end = 0;
  for (const MapArea& area : areas_) {
    if (area.start < end || (area.start | area.end) % page_bytes_ != 0) return false;
    end = area.end;
  }
  return true;
}

bool ProcessMap::count_pages() {
  before_.resize(words_.size());
  for (const MapArea& area : areas_) {
    const std::uint64_t pages = area.bytes() / page_bytes_;
    std::uint64_t end = 0;
    std::uint64_t resident = 0;
    for (std::size_t i = 0; i < area.runs; ++i) {
      Run& run = runs_[area.first_run + i];
      if (run.first < end || run.first >= pages) return false;
      run.pages = std::min(run.pages, pages - run.first);
      run.before = resident;
      end = run.first + run.pages;
      if (run.words != kAll) {
        std::uint64_t in_run = 0;
        for (std::uint64_t word = 0; word < (run.pages + 63) / 64; ++word) {
          before_[run.words + word] = in_run;
          in_run += static_cast<std::uint64_t>(std::popcount(words_[run.words + word]));
        }
      }
      resident += count_in_run(run, run.pages);
    }
  }
  return true;
}

std::uint64_t ProcessMap::count_in_run(const Run& run, std::uint64_t pages) const {
  if (run.words == kAll || pages == 0) return pages;
  const std::size_t last = run.words + (pages - 1) / 64;
  const std::uint64_t bits = (pages - 1) % 64 + 1;
  const Word word = bits == 64 ? words_[last] : words_[last] & ((Word{1} << bits) - 1);
  return before_[last] + static_cast<std::uint64_t>(std::popcount(word));
}

std::uint64_t ProcessMap::count_before(const MapArea& area, std::uint64_t page) const {
  const auto first = runs_.begin() + static_cast<std::ptrdiff_t>(area.first_run);
  const auto after =
      std::upper_bound(first, first + static_cast<std::ptrdiff_t>(area.runs), page,
                       [](std::uint64_t at, const Run& run) { return at < run.first; });
  if (after == first) return 0;
  const Run& run = *(after - 1);
  return run.before + count_in_run(run, std::min(page - run.first, run.pages));
}

const MapArea* ProcessMap::find(std::uint64_t address) const {
  const auto after =
      std::upper_bound(areas_.begin(), areas_.end(), address,
                       [](std::uint64_t at, const MapArea& area) { return at < area.start; });
  if (after == areas_.begin() || address >= (after - 1)->end) return nullptr;
  return &*(after - 1);
}

const MapArea* ProcessMap::first_from(std::uint64_t address) const {
  const auto area =
      std::upper_bound(areas_.begin(), areas_.end(), address,
                       [](std::uint64_t at, const MapArea& each) { return at < each.end; });
  return areas_.data() + (area - areas_.begin());
}

std::uint64_t ProcessMap::resident_part(const MapArea& area, std::uint64_t start,
                                        std::uint64_t end) const {
  const std::uint64_t from = std::max(start, area.start);
  const std::uint64_t to = std::min(end, area.end);
  if (area.resident == area.bytes()) return to - from;
  if (area.runs != 0) {
    return page_bytes_ * (count_before(area, (to - area.start) / page_bytes_) -
                          count_before(area, (from - area.start) / page_bytes_));
  }
  if (area.resident == 0) return 0;
  const double part = static_cast<double>(to - from) / static_cast<double>(area.bytes());
  return static_cast<std::uint64_t>(part * static_cast<double>(area.resident));
}

std::uint64_t ProcessMap::resident_in(std::uint64_t start, std::uint64_t end) const {
  start = page_of(start);
  end = page_of(std::min(end, kMostBytes) + page_bytes_ - 1);
  const MapArea* const first = first_from(start);
  if (first == areas_.data() + areas_.size() || first->start >= end) return 0;
  std::uint64_t bytes = resident_part(*first, start, end);
  if (first->end >= end) return bytes;
  const MapArea* last = first_from(end - 1);
  if (last == areas_.data() + areas_.size() || last->start >= end) --last;
  if (last == first) return bytes;
  bytes += resident_part(*last, start, end);
  return bytes + whole_[static_cast<std::size_t>(last - areas_.data())] -
         whole_[static_cast<std::size_t>(first - areas_.data()) + 1];
}

}  // namespace pymemflow::report
