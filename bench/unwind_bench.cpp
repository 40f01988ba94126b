// The time of a walk of the C stack, at 5 and at 30 frames: ours with all rules in the table, ours
// with rules that must be compiled, and libunwind's unw_backtrace(). Frames are those of this
// program.

#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>

#include "interpose/unwind/rules.h"
#include "interpose/unwind/walk.h"

namespace pymemflow::interpose {
namespace {

constexpr std::size_t kFrames = 256;
constexpr CodeRange kAllCode = {0, ~std::uintptr_t{0}};

[[gnu::noinline]] std::size_t nest(std::int64_t depth, const std::function<std::size_t()>& work) {
  if (depth == 0) return work();
  volatile std::size_t result = nest(depth - 1, work);
  return result;
}

[[gnu::noinline]] std::size_t walk_once(std::uintptr_t end, std::span<std::uintptr_t> frames) {
  Registers at = own_registers();
  return walk(at, {at.sp, end}, frames, Until::Bottom).frames;
}

// `measure` runs `state.range(0)` frames above the end of the stack that walks read. It returns the
// number of frames of one walk.
template <typename Measure>
void run(benchmark::State& state, Measure measure) {
  prepare_rules();
  const std::uintptr_t end = own_registers().sp;
  const std::size_t frames = nest(state.range(0), [&] { return measure(end); });
  state.counters["frames"] = static_cast<double>(frames);
}

void BM_WalkWarm(benchmark::State& state) {
  run(state, [&](std::uintptr_t end) {
    std::array<std::uintptr_t, kFrames> frames;
    std::size_t count = 0;
    for (auto _ : state) benchmark::DoNotOptimize(count = walk_once(end, frames));
    return count;
  });
}
BENCHMARK(BM_WalkWarm)->Arg(5)->Arg(30);

// The time to forget all rules is not counted.
void BM_WalkCold(benchmark::State& state) {
  run(state, [&](std::uintptr_t end) {
    std::array<std::uintptr_t, kFrames> frames;
    std::size_t count = 0;
    for (auto _ : state) {
      state.PauseTiming();
      forget_rules(kAllCode);
      state.ResumeTiming();
      benchmark::DoNotOptimize(count = walk_once(end, frames));
    }
    return count;
  });
}
BENCHMARK(BM_WalkCold)->Arg(5)->Arg(30);

void BM_ForgetAll(benchmark::State& state) {
  prepare_rules();
  for (auto _ : state) forget_rules(kAllCode);
}
BENCHMARK(BM_ForgetAll);

// libunwind walks to the bottom of the stack, so its number of frames is limited to that of ours.
void BM_Libunwind(benchmark::State& state) {
  using Backtrace = int (*)(void**, int);
  Backtrace backtrace = nullptr;
  void* const library = ::dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
  void* const found = library == nullptr ? nullptr : ::dlsym(library, "unw_backtrace");
  std::memcpy(&backtrace, &found, sizeof backtrace);
  if (backtrace == nullptr) return state.SkipWithError("libunwind.so.8 is missing");
  run(state, [&](std::uintptr_t end) {
    std::array<std::uintptr_t, kFrames> ours;
    std::array<void*, kFrames> frames;
    const int limit = static_cast<int>(walk_once(end, ours)) + 1;
    std::size_t count = 0;
    for (auto _ : state) {
      benchmark::DoNotOptimize(count = static_cast<std::size_t>(backtrace(frames.data(), limit)));
    }
    return count;
  });
}
BENCHMARK(BM_Libunwind)->Arg(5)->Arg(30);

}  // namespace
}  // namespace pymemflow::interpose
