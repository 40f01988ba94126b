#pragma once
// The reasons for which a report tells less about C functions than it could, for example that a
// library is not installed (gaps.def is the table). A value; any thread.

#include <cstddef>
#include <cstdint>

#include "report/base/memory.h"

namespace pymemflow::report {

enum class SymbolGap : std::uint8_t {
#define PMF_SYMBOL_GAP(gap, sentence) gap,
#include "report/symbols/gaps.def"
#undef PMF_SYMBOL_GAP
};

class SymbolGaps {
 public:
  void note(SymbolGap gap) { gaps_ |= 1U << static_cast<unsigned>(gap); }
  void add(SymbolGaps other) { gaps_ |= other.gaps_; }
  bool has(SymbolGap gap) const { return (gaps_ >> static_cast<unsigned>(gap) & 1) != 0; }
  bool is_empty() const { return gaps_ == 0; }

  // A sentence for each.
  Vector<String> lines() const;

 private:
  std::uint32_t gaps_ = 0;
};

}  // namespace pymemflow::report
