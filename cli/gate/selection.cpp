#include "cli/gate/selection.h"

#include <fnmatch.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "cli/commands/commands.h"
#include "cli/console/site_names.h"
#include "report/base/names.h"

namespace pymemflow::cli {
namespace {

// What a pattern is held against.
std::vector<std::string> names_of(const report::SiteName& place) {
  const std::string module(place.module);
  if (!place.has_frame) {
    return {std::string(place.caller), key_of(place), module,
            std::string(report::base_name(module))};
  }
  const std::string file(place.file);
  const std::string function(place.function);
  std::vector<std::string> names = {function};
  for (const std::string& each :
       {file, std::string(report::base_name(file)), portable_path(file)}) {
    names.push_back(each);
    names.push_back(each + ":" + function);
  }
  return names;
}

bool matches(const std::string& pattern, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

// A byte of a control character: it would end the line, or a terminal obey it. Those from U+0080 to
// U+009F have two.
bool is_control(const std::string& text, std::size_t at) {
  const auto is_c1 = [&](std::size_t first) {
    return first + 1 < text.size() && text[first] == '\xc2' && (text[first + 1] & 0xe0) == 0x80;
  };
  return static_cast<unsigned char>(text[at]) < ' ' || text[at] == 0x7f || is_c1(at) ||
         (at != 0 && is_c1(at - 1));
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

bool Selection::read_suppressions(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string text = trimmed(line);
    if (!text.empty()) ignored_.push_back({text, path + ":" + std::to_string(number)});
  }
  if (file.eof()) return true;
  complain(path + ": " + std::strerror(errno != 0 ? errno : EIO));
  return false;
}

bool Selection::takes(const report::SiteName& place) {
  const std::vector<std::string> names = names_of(place);
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

std::vector<std::string> Selection::unused() const {
  std::vector<std::string> lines;
  for (const Pattern& pattern : ignored_) {
    if (pattern.origin.empty() || pattern.is_used) continue;
    lines.push_back(pattern.origin + ": " + pattern.text);
  }
  return lines;
}

std::string suppression_for(const report::SiteName& place) {
  const std::string key = key_of(place);
  std::string pattern;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const bool is_last = i + 1 == key.size();
    // A # would begin a comment, and a blank at either end is not part of a pattern.
    const bool is_lost = key[i] == '#' || (key[i] == ' ' && (i == 0 || is_last));
    if (is_lost || is_control(key, i)) {
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
