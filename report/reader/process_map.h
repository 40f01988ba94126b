#pragma once
// The map of the recorded process at its end, as the capture has it (capture/process_map.h): its
// areas, and the resident pages in them. Trusts nothing in the records, and takes memory in
// proportion to them. Report side, one thread.

#include <cstdint>
#include <span>

#include "capture/process_map.h"
#include "report/base/memory.h"

namespace pymemflow::report {

struct MapArea {
  std::uint64_t start = 0;
  std::uint64_t end = 0;  // behind the last byte
  std::uint64_t resident = 0;
  AreaKind kind = AreaKind::Anonymous;
  String name;  // a path, or "[heap]"; may be empty
  // In the runs of the map. No runs, and some pages are resident: it is not known which.
  std::size_t first_run = 0;
  std::size_t runs = 0;

  std::uint64_t bytes() const { return end - start; }
};

class ProcessMap {
 public:
  // False: the record is damaged, and so is the map that it belongs to.
  bool take_area(std::span<const Word> record);
  bool take_pages(std::span<const Word> record);
  bool take_end(std::span<const Word> record);

  // A map was recorded, with or without success.
  bool is_there() const { return is_there_; }
  // The error number for which it is not known; 0: it is.
  int problem() const { return problem_; }
  bool is_known() const { return is_there_ && problem_ == 0; }
  std::uint64_t page_bytes() const { return page_bytes_; }
  std::uint64_t resident_bytes() const { return resident_; }
  // The peak of the resident set, of this program image; 0: unknown.
  std::uint64_t peak_bytes() const { return peak_; }

  // The parts of the map, by address.
  const Vector<MapArea>& areas() const { return areas_; }
  // Those of AreaKind::Own and AreaKind::Thread, unordered.
  const Vector<MapArea>& notes() const { return notes_; }
  // The area that has this address; null: nothing is mapped there.
  const MapArea* find(std::uint64_t address) const;
  // The first area that ends behind the address; the end of areas() if there is none.
  const MapArea* first_from(std::uint64_t address) const;

  // The resident bytes of whole pages in [start, end).
  std::uint64_t resident_in(std::uint64_t start, std::uint64_t end) const;
  std::uint64_t page_of(std::uint64_t address) const { return address & ~(page_bytes_ - 1); }

 private:
  static constexpr std::size_t kAll = ~std::size_t{0};
  // Pages of an area that may be resident. Between runs no page is.
  struct Run {
    std::uint64_t first = 0;  // page of the area
    std::uint64_t pages = 0;
    std::size_t words = kAll;  // in `words_`; kAll: all pages are resident
    std::uint64_t before = 0;  // resident pages of the area before this run
  };

  bool are_areas_right() const;
  // Counts the pages. False: a run is beyond its area.
  bool count_pages();
  // The resident pages of an area before this page.
  std::uint64_t count_before(const MapArea& area, std::uint64_t page) const;
  std::uint64_t count_in_run(const Run& run, std::uint64_t pages) const;
  // The resident bytes of the part of [start, end) that is in the area.
  std::uint64_t resident_part(const MapArea& area, std::uint64_t start, std::uint64_t end) const;
  void clear();

  bool is_there_ = false;
  bool is_damaged_ = false;
  int problem_ = 0;
  std::uint64_t page_bytes_ = 4096;
  std::uint64_t resident_ = 0;
  std::uint64_t peak_ = 0;
  std::uint32_t taken_ = 0;  // areas since the last end
  Vector<MapArea> areas_;
  Vector<MapArea> notes_;
  Vector<std::uint64_t> whole_;  // by area: the resident bytes of all before it
  Vector<Run> runs_;
  Vector<Word> words_;
  Vector<std::uint64_t> before_;  // by word: bits in the words of its run before it
};

}  // namespace pymemflow::report
