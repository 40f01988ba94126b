#include "report/dtrace/distributions.h"

#include <fmt/core.h>

#include <iterator>

namespace pymemflow::report {
namespace {

// The D script prints a heading for each function that it knows, even without a call of it.
constexpr bool has_permanent_heading(Function function) {
  return function == Function::malloc || function == Function::calloc;
}

}  // namespace

Distributions::Distributions(Output& output, Symbols& symbols, const DistributionsOptions& options)
    : output_(output), symbols_(symbols), options_(options) {}

void Distributions::on_event(const Event& event, const Site& site) {
  if (traits(event.function).effect == Effect::Release) return;
  if (!options_.functions.contains(event.function)) return;
  record_of(event.function, event.site, site).add(event.size_bytes());
}

void Distributions::on_sum(const EventSum& sum, const Site& site) {
  if (!options_.functions.contains(sum.function)) return;
  record_of(sum.function, sum.site, site).add(sum.bucket, sum.count, sum.bytes);
}

void Distributions::on_finish() {
  for (std::size_t i = 0; i < kFunctionCount; ++i) {
    const auto function = static_cast<Function>(i);
    const bool is_permanent =
        has_permanent_heading(function) && options_.functions.contains(function);
    if (!is_permanent && !sections_[i].has_occurred) continue;
    const std::string_view name = traits(function).name;
    String heading;
    fmt::format_to(std::back_inserter(heading), "Python {} byte distributions by engine caller:\n",
                   name);
    output_.write(heading);
    sections_[i].by_engine_caller.write(output_, options_.limit);
    heading.clear();
    fmt::format_to(std::back_inserter(heading),
                   "\nPython {} byte distributions by Python file and function:\n\n", name);
    output_.write(heading);
    sections_[i].by_file_and_function.write(output_, options_.limit);
  }
  output_.write("\n");
}

Distribution& Distributions::record_of(Function function, SiteId number, const Site& site) {
  FunctionSections& sections = sections_[static_cast<std::size_t>(function)];
  sections.has_occurred = true;
  Distribution*& record = sections.records[number];
  if (record == nullptr) record = &find_record(sections, site);
  return *record;
}

Distribution& Distributions::find_record(FunctionSections& sections, const Site& site) {
  if (!site.has_frame) {
    const std::string_view caller = symbols_.name(site.address, site.module);
    const Names whole = {.escape = options_.names.escape};
    return sections.by_engine_caller.record(shown_function(whole, caller));
  }
  const String file = shown_file(options_.names, site.file);
  return sections.by_file_and_function.record(file, shown_function(options_.names, site.function));
}

}  // namespace pymemflow::report
