#include "report/mappings/mapping_profile.h"

#include <algorithm>
#include <tuple>

namespace pymemflow::report {
namespace {

// Smaller requests of the interpreter's allocator of arenas are for stacks of frames. Arenas have
// 256 KiB up to 3.9, and 1 MiB from 3.10 on.
constexpr std::uint64_t kSmallestArena = std::uint64_t{256} << 10;

// Rows of one library whose file was mapped at two places, or which has two numbers.
void join_equal_rows(Vector<MappingStats>& rows) {
  const auto key = [](const MappingStats& row) {
    return std::tuple_cat(std::tie(row.library, row.owner, row.use), row.site.key());
  };
  std::sort(rows.begin(), rows.end(),
            [=](const MappingStats& a, const MappingStats& b) { return key(a) < key(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (kept != 0 && key(rows[kept - 1]) == key(rows[i])) {
      MappingTotals& totals = rows[kept - 1].totals;
      const MappingTotals& other = rows[i].totals;
      if (other.live > totals.live) rows[kept - 1].node = rows[i].node;
      if (rows[i].growth > rows[kept - 1].growth) rows[kept - 1].grown_site = rows[i].grown_site;
      rows[kept - 1].growth += rows[i].growth;
      totals.live += other.live;
      totals.mapped += other.mapped;
      totals.calls += other.calls;
      // A later library at another place: the larger peak, and what is known at the end.
      totals.peak = std::max({totals.peak, other.peak, totals.live});
    } else {
      if (kept != i) rows[kept] = std::move(rows[i]);
      ++kept;
    }
  }
  rows.resize(kept);
}

bool is_larger_mapping(const MappingStats& a, const MappingStats& b) {
  if (a.use != b.use) return a.use < b.use;
  if (a.totals.live != b.totals.live) return a.totals.live > b.totals.live;
  if (a.totals.peak != b.totals.peak) return a.totals.peak > b.totals.peak;
  return std::tuple_cat(std::tie(a.library), a.site.key()) <
         std::tuple_cat(std::tie(b.library), b.site.key());
}

}  // namespace

std::string_view name_of(MappedFor use) {
  constexpr std::string_view kNames[kMappedFor] = {"memory", "stacks", "files", "reserved"};
  return kNames[static_cast<std::size_t>(use)];
}

void MappingProfileBuilder::on_event(const Event& event, OriginId origin) {
  const MappingStep step = event.mapping.step;
  MappingSource source;
  if (step != MappingStep::Releasing && step != MappingStep::Failed) {
    const CallNode node = stacks_.node_of(origin);
    const CallTree& tree = stacks_.tree();
    source = {owner_of(event), origin, tree.name_of(tree.line_of(node))};
  }
  ledger_.on_event(event, source);
}

MappingOwner MappingProfileBuilder::owner_of(const Event& event) const {
  if ((event.mapping.traits & kMapsArena) != 0) {
    return {event.arguments[2] >= kSmallestArena ? MappingOwner::Kind::Arenas
                                                 : MappingOwner::Kind::FrameStack};
  }
  const Site* const caller = names_.find(event.mapping.caller);
  const bool is_native = caller != nullptr && !caller->has_frame;
  return {MappingOwner::Kind::Library, is_native ? caller->module : 0};
}

String MappingProfileBuilder::library_of(const MappingOwner& owner) const {
  switch (owner.kind) {
    case MappingOwner::Kind::Arenas:
      return "Python's arenas";
    case MappingOwner::Kind::FrameStack:
      return "Python's frames";
    case MappingOwner::Kind::Library:
      break;
  }
  const Vector<Module>& modules = names_.modules();
  if (owner.module == 0 || owner.module > modules.size()) return "unknown library";
  const std::string_view path = modules[owner.module - 1].path;
  return String(path.substr(path.rfind('/') + 1));
}

Vector<MappingGrowth> MappingProfileBuilder::growth_since(const Vector<std::uint64_t>& then) {
  Vector<MappingGrowth> all;
  Vector<std::int64_t> most;
  ledger_.for_each_grown(
      then, [&](const MappingLedger::Row& row, OriginId origin, std::int64_t bytes) {
        if (row.use != MappedFor::Memory) return;
        auto found = std::find_if(all.begin(), all.end(), [&](const MappingGrowth& each) {
          return each.owner == row.owner;
        });
        if (found == all.end()) {
          found = all.insert(all.end(), {row.owner, library_of(row.owner), 0, {}});
          most.push_back(0);
        }
        found->bytes += bytes;
        std::int64_t& largest = most[static_cast<std::size_t>(found - all.begin())];
        if (bytes <= largest) return;
        largest = bytes;
        const CallNode node = stacks_.node_of(origin);
        found->site = stacks_.tree().frame(stacks_.tree().line_of(node));
      });
  std::erase_if(all, [](const MappingGrowth& each) { return each.bytes <= 0; });
  std::sort(all.begin(), all.end(),
            [](const MappingGrowth& a, const MappingGrowth& b) { return a.bytes > b.bytes; });
  return all;
}

MappingProfile MappingProfileBuilder::finish() {
  ledger_.find_origins();
  ledger_.find_growth();
  MappingProfile profile;
  profile.growth_since = growth_since_;
  profile.totals = ledger_.totals();
  profile.arenas = ledger_.arenas();
  profile.ranges = ledger_.ranges();
  profile.unknown_releases = ledger_.unknown_releases();
  for (const MappingLedger::Row& row : ledger_.rows()) {
    MappingStats& stats = profile.rows.emplace_back();
    stats.library = library_of(row.owner);
    stats.owner = row.owner.kind;
    stats.use = row.use;
    stats.node = stacks_.node_of(row.origin);
    stats.site = stacks_.tree().frame(stacks_.tree().line_of(stats.node));
    stats.totals = row.totals;
    stats.growth = row.growth;
    if (row.grown_origin != 0) {
      const CallNode grown = stacks_.node_of(row.grown_origin);
      stats.grown_site = stacks_.tree().frame(stacks_.tree().line_of(grown));
    }
  }
  join_equal_rows(profile.rows);
  std::sort(profile.rows.begin(), profile.rows.end(), is_larger_mapping);
  return profile;
}

}  // namespace pymemflow::report
