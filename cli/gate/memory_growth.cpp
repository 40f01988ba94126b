#include "cli/gate/memory_growth.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "cli/console/counts.h"
#include "cli/console/site_names.h"
#include "cli/console/text.h"

namespace pymemflow::cli {
namespace {

// Without marks, the start of every Python maps some arenas.
constexpr std::int64_t kLeastWithoutMarks = std::int64_t{4} << 20;
// The resident set varies by some pages from mark to mark, and the kernel counts some hundred of
// them late.
constexpr std::int64_t kLeastResident = std::int64_t{4} << 20;
constexpr std::size_t kLines = 4;

std::string since(const report::MappingProfile& mappings) {
  return mappings.growth_since.empty()
             ? "since the first Python line"
             : "since the mark '" + printable(std::string(mappings.growth_since)) + "'";
}

bool is_said(const report::MappingProfile& mappings, std::int64_t growth) {
  return growth > 0 && (!mappings.growth_since.empty() || growth >= kLeastWithoutMarks);
}

std::string subject(const report::MappingStats& row) {
  switch (row.owner) {
    case report::MappingOwner::Kind::Arenas:
      return "Python's arenas";
    case report::MappingOwner::Kind::FrameStack:
      return "Python's frames";
    case report::MappingOwner::Kind::Library:
      break;
  }
  return "memory mapped by " + printable(std::string(row.library));
}

// Rows of one owner are one line: the sum, and the site that grew most.
struct Grown {
  std::string subject;
  report::MappingOwner::Kind owner = {};
  std::int64_t bytes = 0;
  std::int64_t most = 0;
  report::SiteName site = {};
};

std::vector<Grown> all_grown(const report::MappingProfile& mappings) {
  std::vector<Grown> all;
  for (const report::MappingStats& row : mappings.rows) {
    if (row.use == report::MappedFor::Files || row.use == report::MappedFor::Reserved) continue;
    const std::string name = subject(row);
    auto grown = std::find_if(all.begin(), all.end(),
                              [&](const Grown& each) { return each.subject == name; });
    if (grown == all.end()) grown = all.insert(grown, {.subject = name, .owner = row.owner});
    grown->bytes += row.growth;
    if (row.growth <= grown->most) continue;
    grown->most = row.growth;
    grown->site = row.grown_site;
  }
  std::erase_if(all, [&](const Grown& each) { return !is_said(mappings, each.bytes); });
  std::stable_sort(all.begin(), all.end(),
                   [](const Grown& a, const Grown& b) { return a.bytes > b.bytes; });
  return all;
}

// From the first mark to the last one; 0: it did not grow, or is not known.
std::int64_t resident_growth(const report::Profile& profile) {
  if (profile.snapshots.size() < 2) return 0;
  const std::uint64_t before = profile.snapshots.front().resident;
  const std::uint64_t after = profile.snapshots.back().resident;
  if (before == 0 || after == 0) return 0;
  return static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before);
}

}  // namespace

std::string memory_growth_text(const ProcessVerdict& process, const std::string& start) {
  const report::Profile& profile = process.use.profile;
  std::string text;
  std::size_t lines = 0;
  for (const Grown& grown : all_grown(profile.mappings)) {
    if (lines++ == kLines) break;
    text += start + ": " + grown.subject + " grew by " +
            counted(static_cast<std::uint64_t>(grown.bytes), "byte") + " " +
            since(profile.mappings) + ", most of it from " + shown(grown.site) + "\n";
  }
  const std::int64_t resident = resident_growth(profile);
  if (resident < kLeastResident) return text;
  return text + start + ": the resident set grew by " +
         counted(static_cast<std::uint64_t>(resident), "byte") +
         " from the first mark to the last\n";
}

Json memory_growth_json(const ProcessVerdict& process) {
  const report::Profile& profile = process.use.profile;
  Json array = Json::array();
  for (const Grown& grown : all_grown(profile.mappings)) {
    array.append(Json::object()
                     .set("what", grown.subject)
                     .set("bytes", static_cast<std::uint64_t>(grown.bytes))
                     .set("site", shown(grown.site)));
  }
  Json json = Json::object()
                  .set("since", std::string(profile.mappings.growth_since))
                  .set("growth", std::move(array))
                  .set("peak_bytes", profile.whole_peak.bytes)
                  .set("peak_blocks_bytes", profile.whole_peak.blocks.bytes)
                  .set("peak_arenas_bytes", profile.whole_peak.arenas)
                  .set("peak_mapped_bytes", profile.whole_peak.mapped)
                  .set("peak_site", std::string(profile.whole_peak.site));
  if (profile.account.peak != 0) json.set("peak_resident_bytes", profile.account.peak);
  if (const std::int64_t resident = resident_growth(profile)) {
    json.set("resident_growth_bytes", resident);
  }
  return json;
}

}  // namespace pymemflow::cli
