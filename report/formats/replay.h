#pragma once
// The input of a format: the replay of one capture, and the selection of the user. Report side, one
// thread.

#include <cstdint>
#include <initializer_list>

#include "options/options.h"
#include "report/base/names.h"
#include "report/base/output.h"
#include "report/blocks/block_events.h"
#include "report/dtrace/function_set.h"
#include "report/reader/event_sink.h"
#include "report/replay/profile.h"
#include "report/symbols/symbols.h"
#include "report/view/view.h"

namespace pymemflow::report {

// The contents that the user selected.
struct FormatOptions {
  Names names = {};
  FunctionSet functions = FunctionSet::all();  // in flow lines and distributions
  bool has_flow_lines = true;
  bool has_call_stack = false;
  std::string_view flow_columns = {};
  std::uint64_t started_ns = 0;  // of the recording, CLOCK_MONOTONIC
  By by = By::Line;
  std::uint64_t depth = 0;  // of callers; 0: the default
  bool full_stacks = false;
  Metric metric = Metric::Live;
  View view = {};           // what the profile or the events are of
  std::uint64_t limit = 0;  // of rows; 0: the default
  bool is_inverted = false;
  bool is_selected = false;  // some calls are left out
};

// The events of one capture, for one format.
class Replay {
 public:
  virtual ~Replay() = default;

  virtual Output& output() = 0;
  virtual Symbols& symbols() = 0;
  // Feeds all events, and then the sums, to the sinks. Stops when the output fails. Once.
  virtual void stream(std::initializer_list<EventSink*> sinks) = 0;
  // Replays all events. Once, and not after stream().
  virtual Profile profile() = 0;
  // Feeds all events to `blocks`. Once, and in place of the other two.
  virtual void feed(BlockEvents& blocks) = 0;
  // The completeness of the record. After stream() or profile().
  virtual RecordCounts counts() const = 0;
  virtual std::uint32_t process() const = 0;
  virtual const ThreadNames& threads() const = 0;
  virtual const NameTable& names() const = 0;
  virtual ProcessInfo process_info() const = 0;
};

// The implementations, by the names in formats.def.
#define PMF_FORMAT(name, suffix, input, trailer, sentence) \
  void write_##name(Replay& replay, const FormatOptions& options);
#include "report/formats/formats.def"
#undef PMF_FORMAT

}  // namespace pymemflow::report
