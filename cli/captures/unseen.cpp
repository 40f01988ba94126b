#include "cli/captures/unseen.h"

#include <algorithm>
#include <utility>

namespace pymemflow::cli {

std::vector<UnseenPart> joined(std::vector<UnseenPart> parts) {
  std::vector<UnseenPart> all;
  for (UnseenPart& part : parts) {
    const auto same = std::find_if(all.begin(), all.end(), [&part](const UnseenPart& other) {
      return other.kind == part.kind && other.command_line == part.command_line &&
             other.reason == part.reason;
    });
    if (same != all.end()) {
      same->others += 1 + part.others;
    } else {
      all.push_back(std::move(part));
    }
  }
  return all;
}

}  // namespace pymemflow::cli
