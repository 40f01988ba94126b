#include "cli/gate/selection.h"

#include <algorithm>
#include <cstring>

#include "cli/console/files.h"
#include "cli/console/site_names.h"
#include "report/base/unsafe_character.h"
#include "report/stacks/site_patterns.h"

namespace pymemflow::cli {
namespace {

using Names = report::Vector<report::String>;

// Those of the site that the stack belongs to, and of its C functions.
Names names_of(const report::CallTree& tree, report::CallNode stack) {
  Names names;
  report::for_each_compared(tree, stack, [&](std::uint32_t number) {
    const Names more = report::pattern_names(tree.name(number));
    names.insert(names.end(), more.begin(), more.end());
  });
  return names;
}

bool matches(const std::string& pattern, const Names& names) {
  return report::matches(pattern.c_str(), names);
}

std::string trimmed(const std::string& line) {
  const std::string text = line.substr(0, line.find('#'));
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

void Selection::only(const std::vector<std::string>& patterns) {
  for (const std::string& text : patterns) only_.push_back({text, {}});
}

void Selection::ignore(const std::vector<std::string>& patterns) {
  for (const std::string& text : patterns) ignored_.push_back({text, {}});
}

Error Selection::read_suppressions(const std::string& path) {
  std::string text;
  if (Error error = read_file(path, text)) return error;
  std::size_t start = 0;
  for (int number = 1; start < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string pattern = trimmed(text.substr(start, end - start));
    start = end + 1;
    if (!pattern.empty()) ignored_.push_back({pattern, path + ":" + std::to_string(number)});
  }
  return {};
}

bool Selection::takes(const report::SiteName& site) {
  return takes(report::pattern_names(site));
}

bool Selection::takes(const report::CallTree& tree, report::CallNode stack) {
  return takes(names_of(tree, stack));
}

bool Selection::takes(const Names& names) {
  const bool is_wanted =
      only_.empty() || std::any_of(only_.begin(), only_.end(), [&](const Pattern& pattern) {
        return matches(pattern.text, names);
      });
  bool is_ignored = false;
  for (Pattern& pattern : ignored_) {
    if (!matches(pattern.text, names)) continue;
    is_ignored = pattern.is_used = true;
  }
  return is_wanted && !is_ignored;
}

void Selection::look_at(const report::Profile& profile) {
  const auto is_open = [](const Pattern& pattern) { return !pattern.is_used; };
  for (const report::StackStats& stack : profile.stacks) {
    if (std::none_of(only_.begin(), only_.end(), is_open)) return;
    const Names names = names_of(profile.tree, stack.node);
    for (Pattern& pattern : only_) {
      pattern.is_used = pattern.is_used || matches(pattern.text, names);
    }
  }
}

report::Vector<report::SiteStats> selected_sites(const report::Profile& profile,
                                                 Selection& selection, report::Amount& suppressed) {
  if (selection.is_empty()) return profile.sites;
  report::Vector<report::SiteStats> sites;
  for (const report::StackStats& stack : profile.stacks) {
    const bool is_leak = stack.leaked().blocks != 0;
    if (!is_leak || selection.takes(profile.tree, stack.node)) {
      sites.push_back(report::row_of(profile.tree, stack));
    } else {
      suppressed.add(stack.leaked());
    }
  }
  report::join_rows(sites);
  return sites;
}

std::vector<std::string> Selection::unused_only() const {
  std::vector<std::string> patterns;
  for (const Pattern& pattern : only_) {
    if (!pattern.is_used) patterns.push_back(pattern.text);
  }
  return patterns;
}

std::vector<std::string> Selection::unused() const {
  std::vector<std::string> lines;
  for (const Pattern& pattern : ignored_) {
    if (pattern.origin.empty() || pattern.is_used) continue;
    lines.push_back(pattern.origin + ": " + pattern.text);
  }
  return lines;
}

std::string suppression_for(const report::SiteName& site) {
  const std::string key = key_of(site);
  std::string pattern;
  for (std::size_t i = 0; i < key.size(); ++i) {
    // fnmatch() compares bytes: a question mark stands for each byte of an unsafe character.
    const std::size_t unsafe = report::unsafe_character(std::string_view(key).substr(i)).bytes;
    if (unsafe != 0) {
      pattern.append(unsafe, '?');
      i += unsafe - 1;
      continue;
    }
    const bool is_last = i + 1 == key.size();
    // A # begins a comment, and blanks at the ends of a line are not part of the pattern.
    const bool is_lost = key[i] == '#' || (key[i] == ' ' && (i == 0 || is_last));
    if (is_lost) {
      pattern += '?';
    } else if (std::strchr("*?[]\\", key[i]) != nullptr) {
      pattern += std::string("\\") + key[i];
    } else {
      pattern += key[i];
    }
  }
  return pattern;
}

}  // namespace pymemflow::cli
