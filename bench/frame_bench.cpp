// Benchmarks that need a Python around them: reading the running frame, and one event as a whole.
// bench/frame_bench.py loads this, and calls run_benchmarks() from a function.

#include <benchmark/benchmark.h>
#include <pthread.h>

#include <cstdlib>

#include "pyframe/frame.h"

namespace pymemflow::pyframe {
namespace {

void BM_ReadFrame(benchmark::State& state) {
  const Interpreter interpreter = find_interpreter();
  ThisThread self = this_thread(interpreter, ::pthread_self());
  Position position{};
  for (auto _ : state) {
    if (!current_position(interpreter, self, position)) state.SkipWithError("no Python frame");
    benchmark::DoNotOptimize(position);
  }
}
BENCHMARK(BM_ReadFrame);

// With the library preloaded and without: the difference is what two events cost.
void BM_MallocAndFree(benchmark::State& state) {
  for (auto _ : state) {
    void* block = std::malloc(1000);
    benchmark::DoNotOptimize(block);
    std::free(block);
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(BM_MallocAndFree)->Iterations(4'000'000);

}  // namespace
}  // namespace pymemflow::pyframe

extern "C" __attribute__((visibility("default"))) int run_benchmarks(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}
