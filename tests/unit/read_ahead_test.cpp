// Tests that events which are read ahead are the events of the capture, and every way to stop.

#include "cli/captures/read_ahead.h"

#include <gtest/gtest.h>

#include <csetjmp>
#include <cstdint>
#include <functional>

#include "tests/unit/recorded.h"

namespace pymemflow::cli {
namespace {

using report::CaptureReader;
using report::EventBatch;

// Enough blocks of records for a thread.
constexpr std::uint64_t kEvents = 400'000;

std::jmp_buf out_of_memory;

// Records, and calls `use` with a reader that was polled.
void with_reader(std::uint64_t events, const std::function<void(CaptureReader&)>& use) {
  in_own_process([&] {
    for (std::uint64_t i = 0; i < events; ++i) {
      interpose::record_malloc(i, block(0x4000 + i * 16), caller(1 + i % 30));
    }
    interpose::end_recording(EndKind::Exit);
    CaptureReader reader(interpose::recording.destination.file.descriptor());
    ASSERT_EQ(reader.poll(), report::CaptureError::None);
    use(reader);
  });
}

// Takes all events, each of which must be the one that follows.
void expect_events(ReadAhead& source, std::uint64_t events) {
  std::uint64_t next = 0;
  double progress = 0;
  while (const EventBatch* const batch = source.next()) {
    ASSERT_NE(batch->size, 0U);
    for (std::size_t i = 0; i < batch->size; ++i) {
      if (batch->events[i].kind == EventKind::Memory) continue;
      ASSERT_EQ(batch->events[i].arguments[0], next);
      ASSERT_EQ(batch->sites[i]->address, 1 + next % 30);
      ++next;
    }
    ASSERT_GE(source.progress(), progress);
    progress = source.progress();
  }
  EXPECT_EQ(next, events);
  EXPECT_EQ(source.next(), nullptr);
}

TEST(ReadAhead, HandsOutAllEventsInTheirOrder) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one processor";
  with_reader(kEvents, [](CaptureReader& reader) {
    ReadAhead source;
    source.begin(reader);
    EXPECT_TRUE(source.has_thread());
    expect_events(source, kEvents);
    EXPECT_FALSE(source.has_thread());
    EXPECT_EQ(reader.recorded(), kEvents);
  });
}

TEST(ReadAhead, ReadsASmallCaptureDirectly) {
  with_reader(1000, [](CaptureReader& reader) {
    ReadAhead source;
    source.begin(reader);
    EXPECT_FALSE(source.has_thread());
    expect_events(source, 1000);
  });
}

TEST(ReadAhead, StopsAtAnyMoment) {
  for (const int batches : {0, 1, 40, 1000}) {
    with_reader(kEvents, [&](CaptureReader& reader) {
      ReadAhead source;
      source.begin(reader);
      for (int i = 0; i < batches; ++i) ASSERT_NE(source.next(), nullptr);
      source.end();
      EXPECT_FALSE(source.has_thread());
      EXPECT_GE(reader.recorded(), batches * EventBatch::kEvents);
    });
  }
}

TEST(ReadAhead, ASecondOneReadsDirectly) {
  with_reader(kEvents, [](CaptureReader& reader) {
    ReadAhead first;
    first.begin(reader);
    CaptureReader other(interpose::recording.destination.file.descriptor());
    ASSERT_EQ(other.poll(), report::CaptureError::None);
    ReadAhead second;
    second.begin(other);
    EXPECT_FALSE(second.has_thread());
    expect_events(second, kEvents);
    expect_events(first, kEvents);
  });
}

TEST(ReadAhead, EndsItsThreadWhenTheCallerRunsOutOfMemory) {
  with_reader(kEvents, [](CaptureReader& reader) {
    ReadAhead source;
    const report::OutOfMemory hook = [] { std::longjmp(out_of_memory, 1); };
    report::set_out_of_memory(hook);
    if (setjmp(out_of_memory) == 0) {
      source.begin(reader);
      source.next();
      report::give_up_for_memory();
    }
    EXPECT_FALSE(source.has_thread());
    EXPECT_EQ(report::set_out_of_memory(nullptr), hook);
  });
}

}  // namespace
}  // namespace pymemflow::cli
