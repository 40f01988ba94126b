#include "report/symbols/gaps.h"

#include <iterator>

namespace pymemflow::report {
namespace {

constexpr const char* kGapSentences[] = {
#define PMF_SYMBOL_GAP(gap, sentence) sentence,
#include "report/symbols/gaps.def"
#undef PMF_SYMBOL_GAP
};

}  // namespace

Vector<String> SymbolGaps::lines() const {
  Vector<String> lines;
  for (std::size_t i = 0; i < std::size(kGapSentences); ++i) {
    if (has(static_cast<SymbolGap>(i))) lines.emplace_back(kGapSentences[i]);
  }
  return lines;
}

}  // namespace pymemflow::report
