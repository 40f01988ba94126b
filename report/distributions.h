#pragma once
// The quantize() sections at the end of the report: for each function that hands out memory, bytes
// by engine caller (events without a Python frame) and by Python file and function (the others). A
// failed call counts too: what was asked for is what is summed. Report side, one thread.

#include <array>

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

  // Writes all sections, and the newline with which DTrace ends its output.
  void on_finish() override;

 private:
  struct FunctionSections {
    bool has_occurred = false;
    Section by_engine_caller{Section::Key::kEngineCaller};
    Section by_file_and_function{Section::Key::kFileAndFunction};
    SiteTable<Distribution*> records;  // into the two sections: keys are built once a site
  };

  Distribution& find_record(FunctionSections& sections, const Site& site);

  Output& output_;
  Symbols& symbols_;
  DistributionsOptions options_;
  std::array<FunctionSections, interpose::kFunctionCount> sections_;
};

}  // namespace pymemflow::report
