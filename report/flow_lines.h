#pragma once
// The flow: one line an event that has a Python frame, between the D script's BEGIN and END lines.
// Made for 10 million lines a second: what a site says is formatted once and kept. Report side, one
// thread.

#include <sys/types.h>

#include "report/function_set.h"
#include "report/names.h"
#include "report/output.h"
#include "report/sink.h"
#include "report/site_table.h"

namespace pymemflow::report {

struct FlowLinesOptions {
  pid_t pid = 0;
  Names names = {};
  FunctionSet functions = FunctionSet::all();
};

class FlowLines final : public Sink {
 public:
  // Writes the BEGIN line, so it is made only where there is something to report.
  FlowLines(Output& output, const FlowLinesOptions& options);

  void on_event(const interpose::Event& event, const Site& site) override;
  void on_finish() override;

 private:
  String site_text(const Site& site) const;

  Output& output_;
  FlowLinesOptions options_;
  SiteTable<String> site_texts_;
};

}  // namespace pymemflow::report
