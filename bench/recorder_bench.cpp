// The cost of one recorded event beyond the real call, without a Python frame: the minimum of a
// hook.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <utility>

#include "interpose/recording/recorder.h"
#include "interpose/recording/window.h"

namespace pymemflow::interpose {
namespace {

// An event is 8 or 16 bytes in a file: as many iterations as a disk can hold.
constexpr int kEvents = 4'000'000;

void* const kBlock = reinterpret_cast<void*>(0x55d0c8e0);

void start_once() {
  static const int error = start_recording({});
  if (error != 0) std::abort();
}

void BM_RecordMallocAndFree(benchmark::State& state) {
  start_once();
  for (auto _ : state) {
    record_malloc(1000, kBlock, &kBlock);
    record_free(kBlock, &kBlock);
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(BM_RecordMallocAndFree)->Iterations(kEvents);

void BM_RecordCalloc(benchmark::State& state) {
  start_once();
  for (auto _ : state) record_calloc(10, 100, kBlock, &kBlock);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_RecordCalloc)->Iterations(kEvents);

void BM_RecordRealloc(benchmark::State& state) {
  start_once();
  for (auto _ : state) {
    MoveRecord record(Function::realloc, kBlock, &kBlock);
    record.finish({0x55d0c8e0, 2000}, kBlock);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_RecordRealloc)->Iterations(kEvents);

// A site that is seen for the first time: described, and entered for all threads.
void BM_RecordFromNewSite(benchmark::State& state) {
  start_once();
  const char* caller =
      reinterpret_cast<const char*>(&BM_RecordRealloc);  // in a module, as most are
  for (auto _ : state) record_malloc(1000, kBlock, caller++);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_RecordFromNewSite)->Iterations(20'000);

// The cost of a full window: checksum, write, zeros. Each event pays 1/4,000 of it.
void BM_ChangeBlock(benchmark::State& state) {
  start_once();
  record_malloc(1000, kBlock, &kBlock);
  Writer& writer = *this_writer();
  for (auto _ : state) {
    writer.position = records_of(writer.window) + kBlockWords;
    change_block(recording.destination, writer);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kBlockBytes));
}
BENCHMARK(BM_ChangeBlock)->Iterations(2'000);

void BM_PassThroughWhileNotRecording(benchmark::State& state) {
  std::uint32_t* const gate = recording.gate.exchange(&shut_gate);
  Writer* const writer = this_writer();
  set_this_writer(nullptr);
  for (auto _ : state) {
    record_malloc(1000, kBlock, &kBlock);
    record_free(kBlock, &kBlock);
  }
  set_this_writer(writer);
  recording.gate.store(gate);
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(BM_PassThroughWhileNotRecording);

}  // namespace
}  // namespace pymemflow::interpose
