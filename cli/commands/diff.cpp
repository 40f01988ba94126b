// pymemflow diff OLD NEW: compares the live memory of two captures by allocation site. Sites are
// matched by file and function, so a line that moved is not a new site.

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments/options.h"
#include "cli/captures/captures.h"
#include "cli/commands/commands.h"
#include "cli/console/colours.h"
#include "cli/console/counts.h"
#include "cli/console/files.h"
#include "cli/console/json.h"
#include "cli/console/site_names.h"
#include "cli/console/stacks.h"
#include "cli/console/text.h"
#include "report/stacks/callers.h"

namespace pymemflow::cli {
namespace {

constexpr std::size_t kShown = 20;
constexpr std::size_t kCallerIndent = 56;

struct Arguments {
  std::string before;
  std::string after;
  std::string json;
  Options options;
  std::optional<std::uint64_t> max_growth;
};

// The change of one stack of a site.
struct StackChange {
  std::int64_t bytes = 0;
  const report::CallTree* tree = nullptr;
  report::CallNode node = report::kNoCallNode;
};

struct Change {
  std::string key;
  report::Totals before;
  report::Totals after;
  // The stack that changed most, of the later capture unless the site is gone there.
  const report::CallTree* tree = nullptr;
  report::StackShare most;
  std::uint64_t stacks = 0;
  std::uint64_t changed_stacks = 0;
  std::map<std::uint64_t, StackChange> by_stack;  // by its names

  report::Change change() const { return report::change_between(before.live, after.live); }
  std::int64_t bytes() const { return change().bytes; }
  std::int64_t blocks() const { return change().blocks; }
  // Shows the stack that changed most in the direction of the site, with its change.
  void choose_stack() {
    const bool has_grown = bytes() >= 0;
    std::optional<std::int64_t> largest;
    for (const auto& [names, stack] : by_stack) {
      if (stack.node == report::kNoCallNode || stack.tree != tree) continue;
      ++stacks;
      if (stack.bytes != 0) ++changed_stacks;
      const std::int64_t change = has_grown ? stack.bytes : -stack.bytes;
      if (largest && change <= *largest) continue;
      largest = change;
      most = {stack.node, {static_cast<std::uint64_t>(std::max<std::int64_t>(change, 0)), 0}};
    }
  }
  const char* kind() const {
    if (before.live.blocks == 0) return after.live.blocks == 0 ? "same" : "new";
    if (after.live.blocks == 0) return "gone";
    if (bytes() != 0) return bytes() > 0 ? "grown" : "shrunk";
    return blocks() == 0 ? "same" : blocks() > 0 ? "grown" : "shrunk";
  }
};

// Names each stack by its frames without their lines, so that stacks of two captures can be
// matched.
std::vector<std::uint64_t> names_of_stacks(const report::CallTree& tree) {
  std::vector<std::uint64_t> names;
  for (std::uint32_t name = 0; name < tree.names(); ++name) {
    names.push_back(std::hash<std::string>()(key_of(tree.name(name))));
  }
  std::vector<std::uint64_t> stacks(tree.end());
  for (report::CallNode node = 0; node < tree.end(); ++node) {
    if (!report::has_frame(node)) continue;
    constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15;
    stacks[node] = (stacks[tree.parent(node)] ^ names[tree.name_of(node)]) * kMix;
  }
  return stacks;
}

// `sign`: 1 for the later capture, -1 for the earlier one.
void add_stacks(std::map<std::string, Change>& by_key, const report::Profile& profile, int sign) {
  if (!profile.process.has_stacks) return;
  const report::CallTree& tree = profile.tree;
  const std::vector<std::uint64_t> names = names_of_stacks(tree);
  for (const report::StackStats& stats : profile.stacks) {
    Change& change = by_key[key_of(tree.frame(tree.line_of(stats.node)))];
    const bool is_shown = sign < 0 || change.after.live.blocks != 0;
    if (is_shown) change.tree = &tree;
    StackChange& stack = change.by_stack[names[stats.node]];
    stack.bytes += sign * static_cast<std::int64_t>(stats.totals.live.bytes);
    if (is_shown) stack.node = stats.node;
    if (is_shown) stack.tree = &tree;
  }
}

std::vector<Change> changes_between(const CaptureUse& before, const CaptureUse& after) {
  std::map<std::string, Change> by_key;
  for (const report::SiteStats& stats : before.profile.sites) {
    by_key[key_of(stats.site)].before.add(stats.totals);
  }
  for (const report::SiteStats& stats : after.profile.sites) {
    by_key[key_of(stats.site)].after.add(stats.totals);
  }
  add_stacks(by_key, before.profile, -1);
  add_stacks(by_key, after.profile, 1);
  std::vector<Change> changes;
  for (auto& [key, change] : by_key) {
    change.key = key;
    change.choose_stack();
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
                   const std::vector<Change>& changes, bool full_stacks) {
  const report::Profile& old = before.profile;
  const report::Profile& now = after.profile;
  print_totals("alive, bytes", old.total.live.bytes, now.total.live.bytes);
  print_totals("alive, blocks", old.total.live.blocks, now.total.live.blocks);
  print_totals("peak, bytes", old.peak.live.bytes, now.peak.live.bytes);
  print_totals("allocated, bytes", old.total.allocated.bytes, now.total.allocated.bytes);
  print_totals("allocated, blocks", old.total.allocated.blocks, now.total.allocated.blocks);
  std::vector<const Change*> shown_changes;
  for (const Change& change : changes) {
    if (change.bytes() != 0 || change.blocks() != 0) shown_changes.push_back(&change);
  }
  if (shown_changes.empty()) return;
  std::printf("\n%14s %10s          %16s  alive at the end, by file and function\n", "bytes",
              "blocks", "bytes allocated");
  // The largest growth and the largest shrinkage.
  const std::size_t count = shown_changes.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (count > kShown && i == kShown / 2) {
      std::printf("%14zu more sites\n", count - kShown);
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
    if (change.tree != nullptr) {
      const RowStack row = {*change.tree, change.most.node, change.most.amount.bytes,
                            change.changed_stacks};
      // Without the newline at its beginning.
      const std::string callers = callers_text(row, full_stacks, kCallerIndent);
      if (!callers.empty()) std::printf("%s\n", callers.c_str() + 1);
    }
  }
}

Json json_of(const report::Totals& totals) {
  return Json::object()
      .set("blocks", totals.live.blocks)
      .set("bytes", totals.live.bytes)
      .set("allocations", totals.allocated.blocks)
      .set("allocated_bytes", totals.allocated.bytes);
}

Json json_of(const report::Profile& profile) {
  return json_of(profile.total).set("peak_bytes", profile.peak.live.bytes);
}

Json json_of(const Change& change) {
  Json json = Json::object()
                  .set("key", change.key)
                  .set("kind", change.kind())
                  .set("before", json_of(change.before))
                  .set("after", json_of(change.after));
  if (change.tree == nullptr) return json;
  json.set("stacks", change.stacks);
  set_stack(json, *change.tree, change.most.node);
  return json;
}

Json json_of(const std::vector<Change>& changes, const CaptureUse& before,
             const CaptureUse& after) {
  Json sites = Json::array();
  for (const Change& change : changes) sites.append(json_of(change));
  return Json::object()
      .set("before", json_of(before.profile))
      .set("after", json_of(after.profile))
      .set("sites", std::move(sites));
}

int run(const Arguments& arguments) {
  const std::vector<CaptureUse> uses =
      read_uses({arguments.before, arguments.after},
                lines_for(arguments.options.full_stacks || !arguments.json.empty(),
                          arguments.options.debuginfod));
  for (const CaptureUse& use : uses) {
    if (!use.problem.empty()) return complain(use.path + ": " + use.problem);
    if (use.gaps != 0) {
      return complain(use.path + ": not compared, because the record has " +
                      counted(use.gaps, "gap") + " without calls");
    }
    if (use.damaged != 0) {
      return complain(use.path + ": not compared, because the record is damaged in " +
                      counted(use.damaged, "place") +
                      "; pymemflow report shows what is left of it");
    }
  }
  for (const CaptureUse& use : uses) {
    if (arguments.options.full_stacks && !use.profile.process.has_stacks) {
      return complain(use.path + ": " + std::string(report::kNoCallers));
    }
  }
  for (const std::string& line : symbol_gaps_of(uses)) say(line);
  const std::vector<Change> changes = changes_between(uses[0], uses[1]);
  if (arguments.json.empty()) {
    print_changes(uses[0], uses[1], changes, arguments.options.full_stacks);
  } else {
    const std::string text = json_of(changes, uses[0], uses[1]).text() + "\n";
    if (const Error error = write_file(arguments.json, text)) return complain(error);
  }
  if (!arguments.max_growth) return 0;
  for (const CaptureUse& use : uses) {
    if (const std::string gap = use.gap(); !gap.empty()) {
      return complain(use.path + ": not judged, because the record is incomplete (" + gap + ")");
    }
  }
  const std::uint64_t before = uses[0].profile.total.live.bytes;
  const std::uint64_t after = uses[1].profile.total.live.bytes;
  return after > before && after - before > *arguments.max_growth ? 1 : 0;
}

}  // namespace

void declare_diff(Syntax& syntax) {
  const auto arguments = std::make_shared<Arguments>();
  syntax.operand("OLD", arguments->before, "a capture");
  syntax.operand("NEW", arguments->after, "a later capture of the same program");
  syntax.text("--json", "FILE", arguments->json,
              "write the differences to FILE as JSON instead of printing them; -: standard output");
  add_options(syntax, {OptionUse::Callers}, arguments->options);
  syntax.size("--fail-on-growth", arguments->max_growth,
              "exit with 1 if live memory at the end grew by more than SIZE");
  syntax.action([arguments](const auto&) { return run(*arguments); });
}

}  // namespace pymemflow::cli
