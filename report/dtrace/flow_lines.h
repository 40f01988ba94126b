#pragma once
// The flow: one line per event that has a Python frame, between the D script's BEGIN and END lines.
// The text of a site is formatted once and kept, so that one core prints 10 million lines per
// second. Report side, one thread.

#include <sys/types.h>

#include <cstdint>

#include "options/options.h"
#include "report/base/memory.h"
#include "report/base/names.h"
#include "report/base/output.h"
#include "report/dtrace/function_set.h"
#include "report/names/thread_names.h"
#include "report/reader/event_sink.h"
#include "report/reader/per_site.h"

namespace pymemflow::report {

struct FlowLinesOptions {
  pid_t pid = 0;
  Names names = {};
  FunctionSet functions = FunctionSet::all();
  bool call_stack = false;               // CALL and RTN lines too, and their heading
  std::string_view columns = {};         // of take_flow_column(); before the D script's line
  const ThreadNames* threads = nullptr;  // for the column of threads
  std::uint64_t started_ns = 0;          // CLOCK_MONOTONIC
  std::uint64_t limit = 0;               // of lines; 0: none
};

class FlowLines final : public EventSink {
 public:
  // Writes the BEGIN line, so it is made only where there is something to report.
  FlowLines(Output& output, const FlowLinesOptions& options);

  void on_event(const Event& event, const Site& site) override;
  void on_probe(const Event& event, const Site& site) override;
  void on_left_out(std::uint64_t calls) override { events_ += calls; }
  void on_finish() override;
  // Lines beyond the limit.
  std::uint64_t left_out() const { return left_out_; }

 private:
  // Counts the next line. False: it is beyond the limit.
  bool has_room() {
    if (options_.limit == 0 || lines_ < options_.limit) [[likely]] {
      ++lines_;
      return true;
    }
    ++left_out_;
    return false;
  }
  // The columns that were asked for.
  void write_columns(const Event& event);
  // The number of the thread and its name, without blanks.
  String thread_text(std::uint32_t thread) const;
  // "PID FILE:LINE ", with which every line begins.
  String location_text(const Site& site) const;
  String site_text(const Site& site) const;
  // Formats the text of a site and keeps it. Valid until the next call.
  const String& keep_site_text(SiteId number, const Site& site);

  Output& output_;
  FlowLinesOptions options_;
  Vector<FlowColumn> columns_;
  std::uint64_t events_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t left_out_ = 0;
  PerSite<String> site_texts_;
  std::size_t site_text_bytes_ = 0;
  HashMap<std::uint32_t, std::size_t> depths_;  // of calls, by thread
};

}  // namespace pymemflow::report
