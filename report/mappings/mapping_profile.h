#pragma once
// The mappings of one process: how much it maps without an allocator function, by library and line,
// at the end and at most. Built from Mapping events. Report side, one thread.

#include <cstddef>
#include <cstdint>

#include "report/base/memory.h"
#include "report/mappings/mapping_ledger.h"
#include "report/names/name_table.h"
#include "report/stacks/stack_names.h"

namespace pymemflow::report {

// "memory", "stacks", "files", "reserved".
std::string_view name_of(MappedFor use);

struct MappingStats {
  // The base name of the file that maps, or the part of the interpreter that does.
  String library;
  MappingOwner::Kind owner = MappingOwner::Kind::Library;
  MappedFor use = MappedFor::Memory;
  SiteName site;
  CallNode node = kNoCallNode;  // the stack that has most of what is mapped
  MappingTotals totals;
  std::int64_t growth = 0;  // since MappingProfile::growth_since
  SiteName grown_site;      // that grew most, if one did
};

struct MappingProfile {
  std::array<MappingTotals, kMappedFor> totals;  // by MappedFor
  MappingTotals arenas;                          // of the interpreter, for its small objects
  std::uint64_t ranges = 0;                      // mapped at the end
  std::uint64_t unknown_releases = 0;
  // The moment since which growth is measured: the first mark; empty: the first Python line.
  String growth_since;
  // Memory first, then by MappedFor; then largest first by what is mapped at the end, by the peak
  // and by name.
  Vector<MappingStats> rows;

  // False: no call was recorded.
  explicit operator bool() const { return !rows.empty() || unknown_releases != 0; }
};

// Memory that an owner has mapped since a moment.
struct MappingGrowth {
  MappingOwner owner;
  String library;  // MappingProfileBuilder::library_of()
  std::int64_t bytes = 0;
  SiteName site;  // that grew most
};

class MappingProfileBuilder {
 public:
  // Both are borrowed. `stacks` gives the nodes of the profile.
  MappingProfileBuilder(const NameTable& names, StackNames& stacks)
      : names_(names), stacks_(stacks) {}

  // Takes a Mapping.
  void on_event(const Event& event, OriginId origin);
  // Growth is measured from the first Python line on, or from the first mark if there is one.
  void on_python() {
    if (growth_since_.empty()) ledger_.note_moment();
  }
  void on_mark(std::string_view name) {
    if (!growth_since_.empty()) return ledger_.find_growth();
    growth_since_ = name;
    ledger_.note_moment();
  }
  // Once, after the last event.
  MappingProfile finish();

  // Since the moment of these numbers (MappingLedger::mapped_by_use()), the largest first.
  Vector<MappingGrowth> growth_since(const Vector<std::uint64_t>& then);

  // Memory that is mapped now, arenas included, and the arenas.
  std::uint64_t live() const {
    return ledger_.totals()[static_cast<std::size_t>(MappedFor::Memory)].live;
  }
  std::uint64_t live_arenas() const { return ledger_.arenas().live; }

  const MappingLedger& ledger() const { return ledger_; }
  // The base name of the file that maps, or the part of the interpreter that does.
  String library_of(const MappingOwner& owner) const;

 private:
  MappingOwner owner_of(const Event& event) const;

  const NameTable& names_;
  StackNames& stacks_;
  MappingLedger ledger_;
  String growth_since_;
};

}  // namespace pymemflow::report
