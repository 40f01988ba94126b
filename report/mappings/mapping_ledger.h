#pragma once
// The ledger of mappings: replays the calls of mmap() and its family, and knows after each of them
// how much is mapped, for what, by which library and which origin. It knows addresses and sizes,
// not what is resident. Report side, one thread.
//
// A range is replaced by what is mapped over it. Parts of it may be released or moved, together
// with others. mremap() releases a range and maps another one, of the same kind, for the origin of
// its call. If a call fails, what it was about to release stays mapped. Ranges that were mapped
// before the recording, by the C library or by system calls are not known: their release changes
// nothing.

#include <array>
#include <cstddef>
#include <cstdint>

#include "capture/event.h"
#include "report/base/memory.h"
#include "report/mappings/range_table.h"
#include "report/stacks/origins.h"

namespace pymemflow::report {

// The use of a range.
enum class MappedFor : std::uint8_t {
  Memory,    // anonymous memory
  Stacks,    // the same, for a stack
  Files,     // the pages of a file
  Reserved,  // address space that cannot be accessed
};
inline constexpr std::size_t kMappedFor = 4;

// Bytes, by MappedFor.
using MappedBytes = std::array<std::uint64_t, kMappedFor>;

// The library that maps, or a part of the interpreter that is told apart.
struct MappingOwner {
  enum class Kind : std::uint8_t {
    Library,     // `module` is its number; 0: unknown
    Arenas,      // the interpreter's allocator of small objects
    FrameStack,  // the interpreter's stacks of Python frames
  };
  Kind kind = Kind::Library;
  std::uint32_t module = 0;

  bool operator==(const MappingOwner&) const = default;
};

// Whose call it is. `name` is a number that origins of one line share.
struct MappingSource {
  MappingOwner owner;
  OriginId origin = 0;
  std::uint32_t name = 0;
};

struct MappingTotals {
  std::uint64_t live = 0;    // bytes that are mapped
  std::uint64_t peak = 0;    // the most bytes that were mapped at one time
  std::uint64_t mapped = 0;  // bytes that were ever mapped
  std::uint64_t calls = 0;   // that mapped them

  // A call has mapped bytes.
  void add(std::uint64_t bytes) {
    ++calls;
    mapped += bytes;
    add_again(bytes);
  }
  // Bytes that were about to be released are still mapped.
  void add_again(std::uint64_t bytes) {
    live += bytes;
    if (live > peak) peak = live;
  }
};

class MappingLedger {
 public:
  // The mappings of one owner, for one use, by one line.
  struct Row {
    MappingOwner owner;
    MappedFor use = MappedFor::Memory;
    std::uint32_t name = 0;
    MappingTotals totals;
    OriginId origin = 0;  // that has most of `live`; after find_origins()
    // Since note_moment(), until the latest or the last but one find_growth(), whichever is more:
    // the end of a program frees what it leaked. And the origin that grew most.
    std::int64_t growth = 0;
    OriginId grown_origin = 0;
  };

  // Takes a Mapping.
  void on_event(const Event& event, const MappingSource& source);

  // By the first call.
  const Vector<Row>& rows() const { return rows_; }
  const std::array<MappingTotals, kMappedFor>& totals() const { return totals_; }
  // Those of MappingOwner::Kind::Arenas.
  const MappingTotals& arenas() const { return arenas_; }
  // Ranges that are mapped; a range of which parts were released counts by its parts.
  std::size_t ranges() const { return ranges_.size(); }
  // Calls visit(range, row, origin) for each of them, by address.
  template <typename Visit>
  void for_each_range(Visit visit) const {
    ranges_.for_each([&](const MappedRange& range) {
      const Use& use = uses_[range.use];
      visit(range, rows_[use.row], use.origin);
    });
  }
  // Calls that released a range of which nothing was known.
  std::uint64_t unknown_releases() const { return unknown_releases_; }
  // Brings Row::origin up to date.
  void find_origins();

  // The bytes that are mapped now, of each origin for each owner and use, by its first call.
  Vector<std::uint64_t> mapped_by_use() const;
  // Calls visit(row, origin, bytes) for what has more mapped than then.
  template <typename Visit>
  void for_each_grown(const Vector<std::uint64_t>& then, Visit visit) const {
    for (std::size_t i = 0; i < uses_.size(); ++i) {
      const std::uint64_t before = i < then.size() ? then[i] : 0;
      const auto growth = static_cast<std::int64_t>(uses_[i].live - before);
      if (growth != 0) visit(rows_[uses_[i].row], uses_[i].origin, growth);
    }
  }

  // Growth is measured from here on.
  void note_moment() { live_then_ = mapped_by_use(); }
  // Brings Row::growth up to date.
  void find_growth();

 private:
  // The live bytes of one origin in a row.
  struct Use {
    std::uint32_t row = 0;
    OriginId origin = 0;
    std::uint64_t live = 0;
  };
  struct Key {
    std::uint64_t owner;
    std::uint64_t rest;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  // A release whose call may still fail.
  struct Release {
    std::uint32_t thread = 0;
    std::uint64_t address = 0;
    std::uint64_t bytes = 0;
    Vector<MappedRange> ranges;
  };
  // More than threads are in such calls at one time, with their signal handlers.
  static constexpr std::size_t kReleases = 64;

  void map(std::uint64_t start, std::uint64_t bytes, MappedFor use, const MappingSource& source);
  void release(const Event& event);
  // The latest release of the thread with the same range; null: it is not known.
  Release* find_release(const Event& event);
  void put_back(Release& release);
  void move(const Event& event, const MappingSource& source);
  MappedFor use_of(const MappedRange& range) const { return rows_[uses_[range.use].row].use; }
  std::uint32_t use_number(MappedFor use, const MappingSource& source);
  // Calls change(totals) for all totals that a range is part of.
  template <typename Change>
  void change_totals(const MappedRange& range, Change change);
  void subtract(const MappedRange& range);

  RangeTable ranges_;
  Vector<Use> uses_;
  Vector<std::uint64_t> live_then_;     // by use, at the moment; later uses had nothing
  Vector<std::int64_t> latest_growth_;  // by row, of the latest find_growth()
  Vector<Row> rows_;
  HashMap<Key, std::uint32_t, KeyHash> use_numbers_;
  HashMap<Key, std::uint32_t, KeyHash> row_numbers_;
  std::array<Release, kReleases> releases_;
  std::size_t next_release_ = 0;
  std::array<MappingTotals, kMappedFor> totals_;
  MappingTotals arenas_;
  std::uint64_t unknown_releases_ = 0;
};

}  // namespace pymemflow::report
