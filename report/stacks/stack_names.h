#pragma once
// Makes the call tree of a profile from the origins of its allocations. One thread.

#include <cstddef>
#include <cstdint>
#include <utility>

#include "report/base/memory.h"
#include "report/names/name_table.h"
#include "report/reader/per_site.h"
#include "report/stacks/call_tree.h"
#include "report/stacks/origins.h"
#include "report/stacks/site_name.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

// The name of one frame.
SiteName name_of(const Site& site, Symbols& symbols);

class StackNames {
 public:
  // All are borrowed, and may grow meanwhile.
  StackNames(const NameTable& names, const Origins& origins, Symbols& symbols)
      : names_(names), origins_(origins), symbols_(symbols) {}

  // An origin without a stack has a node of one frame.
  CallNode node_of(OriginId origin);
  SiteName name_of(const Site& site) { return report::name_of(site, symbols_); }

  const CallTree& tree() const { return tree_; }
  // Once, after the last node_of().
  CallTree take_tree() { return std::move(tree_); }

 private:
  // A Python frame by its file, function and line: equal texts of the table of names have one
  // address.
  struct Line {
    const char* file;
    const char* function;
    std::int32_t line;
    bool operator==(const Line&) const = default;
  };
  struct LineHash {
    std::size_t operator()(const Line& line) const;
  };

  std::uint32_t number_of(SiteId site);
  std::uint32_t add_name_of(const Site* site);
  // The same of a C function, and of the functions that are inlined in it at this site.
  std::uint32_t add_caller(SiteName name);
  void add_inlined(SiteId id, const Site& site);

  const NameTable& names_;
  const Origins& origins_;
  Symbols& symbols_;
  CallTree tree_;
  PerSite<std::uint32_t> numbers_;  // of the names of sites, plus 1
  HashMap<Line, std::uint32_t, LineHash> lines_;
  HashMap<String, std::uint32_t, StringHash> callers_;
  // The numbers of the names of inlined functions, the outermost first.
  HashMap<SiteId, Vector<std::uint32_t>> inlined_;
  Vector<CallNode> alone_;   // nodes of one frame without a stack, by the number of the name; or 0
  PerSite<CallNode> nodes_;  // by StackId; 0: not in the tree yet
};

}  // namespace pymemflow::report
