#include "cli/verbs.h"

#include <cstdio>

namespace pymemflow::cli {
namespace {

constexpr Verb kVerbs[] = {
    {"info", "print what a capture says of its process", add_info_verb},
    {"report", "print what a capture holds", add_report_verb},
};

}  // namespace

std::span<const Verb> verbs() {
  return kVerbs;
}

int complain(const std::string& what) {
  std::string line = "pymemflow: " + what;
  // What is quoted may hold anything; the line stays one line.
  for (char& c : line) {
    if (c >= 0 && c < ' ') c = '?';
  }
  line += '\n';
  std::fputs(line.c_str(), stderr);
  return kUsageError;
}

}  // namespace pymemflow::cli
