// Measures how many flow lines per second one core formats and writes. The file is /dev/null, so
// the disk is not measured.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "report/dtrace/flow_lines.h"

namespace pymemflow::report {
namespace {

// Pairs of malloc and free from a few hundred sites, as a Python program makes them.
void print_flow_lines(benchmark::State& state) {
  const auto site_count = static_cast<std::size_t>(state.range(0));
  std::vector<std::string> names;
  for (std::size_t i = 0; i < site_count; ++i) names.push_back("function_" + std::to_string(i));
  std::vector<Site> sites;
  for (std::size_t i = 0; i < site_count; ++i) {
    sites.push_back({.has_frame = true,
                     .file = "/usr/lib/python3.11/json/decoder.py",
                     .function = names[i],
                     .line = static_cast<std::int32_t>(i),
                     .address = 0});
  }
  Output output("/dev/null");
  FlowLines lines(output, {.pid = 11672});
  Event event = {};
  std::uint64_t count = 0;
  for (auto _ : state) {
    event.site = static_cast<SiteId>(count * 7919 % site_count);
    const std::uint64_t block = 0x7fa8e6071400 + count / 2 * 64;
    const bool is_free = count % 2 == 1;
    event.function = is_free ? Function::free : Function::malloc;
    event.arguments[0] = is_free ? block : count % 5000;
    event.result = is_free ? 0 : block;
    lines.on_event(event, sites[event.site]);
    ++count;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(print_flow_lines)->Arg(1)->Arg(300)->Arg(10000);

}  // namespace
}  // namespace pymemflow::report
