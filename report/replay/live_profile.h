#pragma once
// What this process holds, asked while it records on: its own record, replayed up to a stamp, and
// the next time from there. Costs as much as there were events since; a block that is alive takes
// some 60 bytes of the private heap. One thread at a time.

#include <cstdint>
#include <optional>
#include <string_view>

#include "report/base/amount.h"
#include "report/base/memory.h"
#include "report/reader/capture_reader.h"
#include "report/replay/profile.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

class LiveUsage {
 public:
  // `file` is borrowed, and must outlive this.
  explicit LiveUsage(int file) : reader_(file), symbols_(reader_.modules(), kWhere) {}

  // Takes what happened before the stamp, which interpose::record_turn() gave. What is wrong with
  // the record; empty: nothing is.
  std::string_view follow(std::uint64_t stamp);

  // As of then.
  Amount alive() const;
  // What changed since the latest mark of that name, as a JSON object; empty: there is no such
  // mark. pymemflow_growth() in interpose/library/api.h describes it.
  String growth_since(std::string_view mark);

 private:
  static constexpr Symbols::Where kWhere = Symbols::Where::kInProcess;

  CaptureReader reader_;
  Symbols symbols_;
  std::optional<UsageBuilder> builder_;
};

}  // namespace pymemflow::report
