// pymemflow diff OLD NEW: place by place, what the second capture holds more and less than the
// first. Places are the same by file and function, so that a line that moved is not a new one.

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/captures/captures.h"
#include "cli/commands/commands.h"
#include "cli/commands/options.h"
#include "cli/console/colours.h"
#include "cli/console/json.h"
#include "cli/console/site_names.h"

namespace pymemflow::cli {
namespace {

constexpr std::size_t kShown = 20;

struct Arguments {
  std::string before;
  std::string after;
  std::string json;
  std::optional<std::uint64_t> max_growth;
};

struct Change {
  std::string key;
  report::Totals before;
  report::Totals after;

  std::int64_t bytes() const { return change().bytes; }
  std::int64_t blocks() const { return change().blocks; }
  report::Change change() const { return report::change_between(before.live, after.live); }
  // What became of what is alive there.
  const char* kind() const {
    if (before.live.blocks == 0) return after.live.blocks == 0 ? "same" : "new";
    if (after.live.blocks == 0) return "gone";
    if (bytes() != 0) return bytes() > 0 ? "grown" : "shrunk";
    return blocks() == 0 ? "same" : blocks() > 0 ? "grown" : "shrunk";
  }
};

std::vector<Change> changes_between(const CaptureUse& before, const CaptureUse& after) {
  std::map<std::string, Change> by_key;
  for (const report::SiteStats& use : before.usage.sites) {
    by_key[key_of(use.site)].before.add(use.totals);
  }
  for (const report::SiteStats& use : after.usage.sites) {
    by_key[key_of(use.site)].after.add(use.totals);
  }
  std::vector<Change> changes;
  for (auto& [key, change] : by_key) {
    change.key = key;
    changes.push_back(change);
  }
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    return a.bytes() != b.bytes() ? a.bytes() > b.bytes() : a.blocks() > b.blocks();
  });
  return changes;
}

void print_totals(const char* what, std::uint64_t before, std::uint64_t after) {
  std::printf("%-17s %14llu -> %llu (%+lld)\n", what, static_cast<unsigned long long>(before),
              static_cast<unsigned long long>(after), static_cast<long long>(after - before));
}

void print_changes(const CaptureUse& before, const CaptureUse& after,
                   const std::vector<Change>& changes) {
  const report::Profile& old = before.usage;
  const report::Profile& now = after.usage;
  print_totals("alive, bytes", old.total.live.bytes, now.total.live.bytes);
  print_totals("alive, blocks", old.total.live.blocks, now.total.live.blocks);
  print_totals("at most, bytes", old.peak.live.bytes, now.peak.live.bytes);
  print_totals("allocated, bytes", old.total.allocated.bytes, now.total.allocated.bytes);
  print_totals("allocated, blocks", old.total.allocated.blocks, now.total.allocated.blocks);
  std::vector<const Change*> shown_changes;
  for (const Change& change : changes) {
    if (change.bytes() != 0 || change.blocks() != 0) shown_changes.push_back(&change);
  }
  if (shown_changes.empty()) return;
  std::printf("\n%14s %10s          %16s  alive at the end, by file and function\n", "bytes",
              "blocks", "bytes ever");
  // The largest growth and the largest shrinkage.
  const std::size_t count = shown_changes.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (count > kShown && i == kShown / 2) {
      std::printf("%14zu more places\n", count - kShown);
      i = count - kShown / 2;
    }
    const Change& change = *shown_changes[i];
    const auto ever =
        static_cast<long long>(change.after.allocated.bytes - change.before.allocated.bytes);
    std::string kind = change.kind();
    kind.resize(6, ' ');
    const Colour colour = change.bytes() > 0 ? Colour::Bad : Colour::Good;
    std::printf("%+14lld %+10lld  %s  %+16lld  %s\n", static_cast<long long>(change.bytes()),
                static_cast<long long>(change.blocks()), coloured(colour, kind, stdout).c_str(),
                ever, printable(change.key).c_str());
  }
}

Json json_of(const report::Totals& totals) {
  return {{"blocks", totals.live.blocks},
          {"bytes", totals.live.bytes},
          {"allocations", totals.allocated.blocks},
          {"allocated_bytes", totals.allocated.bytes}};
}

Json json_of(const std::vector<Change>& changes, const CaptureUse& before,
             const CaptureUse& after) {
  Json json = {{"before", json_of(before.usage.total)},
               {"after", json_of(after.usage.total)},
               {"places", Json::array()}};
  json["before"]["peak_bytes"] = before.usage.peak.live.bytes;
  json["after"]["peak_bytes"] = after.usage.peak.live.bytes;
  for (const Change& change : changes) {
    json["places"].push_back({{"key", change.key},
                              {"kind", change.kind()},
                              {"before", json_of(change.before)},
                              {"after", json_of(change.after)}});
  }
  return json;
}

int run(const Arguments& arguments) {
  CaptureUse uses[2];
  const std::string* const paths[] = {&arguments.before, &arguments.after};
  for (int i = 0; i < 2; ++i) {
    if (!read_checked(*paths[i], uses[i])) return kUsageError;
  }
  const std::vector<Change> changes = changes_between(uses[0], uses[1]);
  if (arguments.json.empty()) {
    print_changes(uses[0], uses[1], changes);
  } else if (!write_json(arguments.json, json_of(changes, uses[0], uses[1]))) {
    return kUsageError;
  }
  if (!arguments.max_growth) return 0;
  const std::uint64_t before = uses[0].usage.total.live.bytes;
  const std::uint64_t after = uses[1].usage.total.live.bytes;
  return after > before && after - before > *arguments.max_growth ? 1 : 0;
}

}  // namespace

void add_diff_verb(CLI::App& command, Call& call) {
  const auto arguments = std::make_shared<Arguments>();
  command.add_option("OLD", arguments->before, "a capture")->required();
  command.add_option("NEW", arguments->after, "a later one, of the same program")->required();
  command.add_option("--json", arguments->json, "write the differences to FILE instead")
      ->type_name("FILE");
  add_size(command, "--fail-on-growth", arguments->max_growth,
           "end with 1 if more than SIZE more is alive at the end");
  command.callback([arguments, &call] { call.status = run(*arguments); });
}

}  // namespace pymemflow::cli
