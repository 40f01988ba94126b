#pragma once
// The mappings of one process: how much it maps without an allocator function, by library and line,
// at the end and at most. Built from Mapping events. Report side, one thread.

#include <cstddef>
#include <cstdint>

#include "report/base/memory.h"
#include "report/names/name_table.h"
#include "report/replay/mapping_ledger.h"
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
};

struct MappingProfile {
  std::array<MappingTotals, kMappedFor> totals;  // by MappedFor
  MappingTotals arenas;                          // of the interpreter, for its small objects
  std::uint64_t ranges = 0;                      // mapped at the end
  std::uint64_t unknown_releases = 0;
  // Memory first, then by MappedFor; then largest first by what is mapped at the end, by the peak
  // and by name.
  Vector<MappingStats> rows;

  // False: no call was recorded.
  explicit operator bool() const { return !rows.empty() || unknown_releases != 0; }
};

class MappingProfileBuilder {
 public:
  // Both are borrowed. `stacks` gives the nodes of the profile.
  MappingProfileBuilder(const NameTable& names, StackNames& stacks)
      : names_(names), stacks_(stacks) {}

  // Takes a Mapping.
  void on_event(const Event& event, OriginId origin);
  // Once, after the last event.
  MappingProfile finish();

  const MappingLedger& ledger() const { return ledger_; }
  // The base name of the file that maps, or the part of the interpreter that does.
  String library_of(const MappingOwner& owner) const;

 private:
  MappingOwner owner_of(const Event& event) const;

  const NameTable& names_;
  StackNames& stacks_;
  MappingLedger ledger_;
};

}  // namespace pymemflow::report
