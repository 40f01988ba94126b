// The format distributions: those of flow alone.

#include "report/dtrace/distributions.h"

#include "report/formats/replay.h"

namespace pymemflow::report {

void write_distributions(Replay& replay, const FormatOptions& options) {
  Distributions distributions(
      replay.output(), replay.symbols(),
      {.names = options.names, .functions = options.functions, .limit = options.limit});
  replay.stream({&distributions});
}

}  // namespace pymemflow::report
