#pragma once
// The quantize() sections at the end of the report: for each function that hands out memory, bytes
// by engine caller (events without a Python frame) and by Python file and function (the others). A
// failed call counts too: what was asked for is what is summed. Report side, one thread.

#include <array>

#include "report/base/names.h"
#include "report/dtrace/function_set.h"
#include "report/dtrace/section.h"
#include "report/reader/capture_sums.h"
#include "report/reader/event_sink.h"
#include "report/reader/per_site.h"
#include "report/symbols/symbols.h"

namespace pymemflow::report {

struct DistributionsOptions {
  Names names = {};
  FunctionSet functions = FunctionSet::all();
  std::uint64_t limit = 0;  // of records of a section, the largest ones; 0: none
};

class Distributions final : public EventSink {
 public:
  Distributions(Output& output, Symbols& symbols, const DistributionsOptions& options);

  void on_event(const Event& event, const Site& site) override;

  void on_sum(const EventSum& sum, const Site& site) override;

  // Writes all sections, and the newline with which DTrace ends its output.
  void on_finish() override;

 private:
  struct FunctionSections {
    bool has_occurred = false;
    Section by_engine_caller{Section::Key::kEngineCaller};
    Section by_file_and_function{Section::Key::kFileAndFunction};
    PerSite<Distribution*> records;  // into the two sections: keys are built once per site
  };

  Distribution& record_of(Function function, SiteId number, const Site& site);
  Distribution& find_record(FunctionSections& sections, const Site& site);

  Output& output_;
  Symbols& symbols_;
  DistributionsOptions options_;
  std::array<FunctionSections, kFunctionCount> sections_;
};

}  // namespace pymemflow::report
