// The cost of the distributions: one value into its bucket, one event through the sink, one
// drawing.

#include <benchmark/benchmark.h>

#include "report/dtrace/distributions.h"

namespace pymemflow::report {
namespace {

void add_a_value(benchmark::State& state) {
  Quantize quantize;
  std::int64_t value = 1;
  for (auto _ : state) {
    quantize.add(value);
    value = value * 31 % 100003;
  }
  benchmark::DoNotOptimize(quantize);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(add_a_value);

void take_an_event(benchmark::State& state) {
  Output output("/dev/null");
  const Vector<Module> no_modules;
  Symbols symbols(no_modules, Symbols::Where::kOffline);
  Distributions distributions(output, symbols, {});
  const Site site = {
      .has_frame = true, .file = "decoder.py", .function = "decode", .line = 1, .address = 0};
  Event event = {};
  for (auto _ : state) {
    event.site = (event.site + 7919) % 10000;
    event.arguments[0] = event.site;
    distributions.on_event(event, site);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(take_an_event);

void draw_rows(benchmark::State& state) {
  Quantize quantize;
  for (std::int64_t value = 1; value < 100000; value = value * 2 + 1) quantize.add(value, value);
  String rows;
  for (auto _ : state) {
    rows.clear();
    quantize.draw(rows);
    benchmark::DoNotOptimize(rows.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(draw_rows);

}  // namespace
}  // namespace pymemflow::report
