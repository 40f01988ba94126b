// Measures how fast a capture is read back into one order: written by one thread, and by four that
// alternate at every event, which is the worst case for the merge.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "interpose/recording/recorder.h"
#include "report/reader/capture_reader.h"

namespace pymemflow::report {
namespace {

constexpr int kEvents = 2'000'000;

void* block(int number) {
  return reinterpret_cast<void*>(std::uintptr_t{0x55d000000000} +
                                 static_cast<unsigned>(number) * 64);
}

void record_by_one() {
  static const char sites[300] = {};
  for (int i = 0; i < kEvents / 2; ++i) {
    interpose::record_malloc(static_cast<std::size_t>(i % 5000), block(i), sites + i % 300);
    interpose::record_free(block(i), sites + i % 300);
  }
}

void record_in_turns() {
  constexpr int kThreads = 4;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&mutex, number] {
      for (int i = 0; i < kEvents / kThreads; ++i) {
        const std::lock_guard lock(mutex);
        interpose::record_malloc(100, block(i), &kEvents + number);
        std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void read(benchmark::State& state, void (*record)()) {
  if (interpose::start_recording({}) != 0) std::abort();
  record();
  interpose::end_recording(EndKind::Exit);
  std::uint64_t events = 0;
  for (auto _ : state) {
    CaptureReader reader(interpose::recording.destination.file.descriptor());
    if (reader.poll() != CaptureError::None) state.SkipWithError("not a capture");
    Event event;
    const Site* site = nullptr;
    while (reader.next(event, site)) benchmark::DoNotOptimize(event);
    events += reader.recorded();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
}
BENCHMARK_CAPTURE(read, of_one_thread, record_by_one)->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, of_four_in_turns, record_in_turns)
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pymemflow::report
