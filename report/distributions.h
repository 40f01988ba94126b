#pragma once
// The quantize() sections at the end of the report: for each function that hands out memory, bytes
// by engine caller (events without a Python frame) and by Python file and function (the others). A
// failed call counts too: what was asked for is what is summed. Report side, one thread.

#include <array>

#include "report/capture_sums.h"
#include "report/function_set.h"
#include "report/names.h"
#include "report/section.h"
#include "report/sink.h"
#include "report/site_table.h"
#include "report/symbols.h"

namespace pymemflow::report {

struct DistributionsOptions {
  Names names = {};
  FunctionSet functions = FunctionSet::all();
};

class Distributions final : public Sink {
 public:
  Distributions(Output& output, Symbols& symbols, const DistributionsOptions& options);

  void on_event(const interpose::Event& event, const Site& site) override;

  // Events that are not there one by one.
  void on_sum(const EventSum& sum, const Site& site);

  // Writes all sections, and the newline with which DTrace ends its output.
  void on_finish() override;

 private:
  struct FunctionSections {
    bool has_occurred = false;
    Section by_engine_caller{Section::Key::kEngineCaller};
    Section by_file_and_function{Section::Key::kFileAndFunction};
    SiteTable<Distribution*> records;  // into the two sections: keys are built once a site
  };

  Distribution& record_of(interpose::Function function, interpose::SiteId number, const Site& site);
  Distribution& find_record(FunctionSections& sections, const Site& site);

  Output& output_;
  Symbols& symbols_;
  DistributionsOptions options_;
  std::array<FunctionSections, interpose::kFunctionCount> sections_;
};

}  // namespace pymemflow::report
