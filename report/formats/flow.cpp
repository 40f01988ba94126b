// The format flow: one line per call, and the distributions at the end. The bytes are those of the
// D script.

#include <fmt/core.h>

#include <iterator>

#include "report/dtrace/distributions.h"
#include "report/dtrace/flow_lines.h"
#include "report/formats/replay.h"

namespace pymemflow::report {
namespace {

// Of flow lines that were not asked for, the lines at their beginning and end remain.
constexpr FunctionSet kNoFunctions = {};

}  // namespace

void write_flow(Replay& replay, const FormatOptions& options) {
  const bool has_lines = options.has_flow_lines;
  FlowLines flow_lines(replay.output(), {.pid = static_cast<pid_t>(replay.process()),
                                         .names = options.names,
                                         .functions = has_lines ? options.functions : kNoFunctions,
                                         .call_stack = has_lines && options.has_call_stack,
                                         .columns = options.flow_columns,
                                         .threads = &replay.threads(),
                                         .started_ns = options.started_ns,
                                         .limit = options.limit});
  Distributions distributions(
      replay.output(), replay.symbols(),
      {.names = options.names, .functions = options.functions, .limit = options.limit});
  replay.stream({&flow_lines, &distributions});
  if (flow_lines.left_out() == 0) return;
  String text;
  fmt::format_to(std::back_inserter(text), "pymemflow: {} more lines are left out (--limit)\n",
                 flow_lines.left_out());
  replay.output().write(text);
}

}  // namespace pymemflow::report
