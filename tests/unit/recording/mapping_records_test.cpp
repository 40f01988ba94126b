// Calls of mmap() and its family in the record: read back as they were, in the order in which they
// happened, apart from blocks.

#include "interpose/recording/mappings/mapping_records.h"

#include <string>
#include <thread>
#include <vector>

#include "report/replay/profile.h"
#include "tests/unit/recorded.h"

namespace pymemflow {
namespace {

using interpose::CaptureSettings;
using interpose::record_mapped;
using interpose::ReleasedRange;
using report::MappedFor;

constexpr std::uintptr_t kAddress = 0x7f00'0000'0000;
constexpr std::uint64_t kPage = 4096;

void map(std::uintptr_t page, std::size_t bytes, std::uintptr_t from = 0x1000,
         unsigned traits = 0) {
  record_mapped(MappingFunction::mmap, traits, bytes, block(kAddress + page * kPage), caller(from));
}
ReleasedRange release(std::uintptr_t page, std::size_t bytes) {
  return {MappingFunction::munmap, block(kAddress + page * kPage), bytes, caller(0x2000)};
}

report::Profile profile() {
  report::CaptureReader reader(interpose::recording.destination.file.descriptor());
  EXPECT_EQ(reader.poll(), report::CaptureError::None);
  report::Symbols symbols(reader.names().modules(), report::Symbols::Where::kOffline);
  report::ProfileBuilder builder(reader.process_info(), reader.names(), symbols);
  Event event;
  const report::Site* site = nullptr;
  while (reader.next(event, site)) deliver(event, site, builder);
  EXPECT_EQ(reader.damaged(), 0U);
  return builder.finish();
}

std::uint64_t live(const report::Profile& use, MappedFor what) {
  return use.mappings.totals[static_cast<std::size_t>(what)].live;
}

TEST(MappingRecords, AreReadAsTheyWere) {
  in_own_process([] {
    errno = 4242;
    map(1, 5000, 0x1000, kMapsFile | kMapsShared);
    release(2, 1).fail();
    const ReleasedRange moved(MappingFunction::mremap, block(kAddress), 1, caller(0x3000));
    moved.move(3 * kPage, block(kAddress + 9 * kPage), true);
    EXPECT_EQ(errno, 4242);
    ASSERT_TRUE(interpose::end_recording());
    const Read read = read_all();
    EXPECT_EQ(read.recorded, 0U);  // they are no calls of an allocator
    ASSERT_EQ(read.events.size(), 5U);
    const MappingStep steps[] = {MappingStep::Mapped, MappingStep::Releasing, MappingStep::Failed,
                                 MappingStep::Releasing, MappingStep::Copied};
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(read.events[i].kind, EventKind::Mapping);
      EXPECT_EQ(read.events[i].mapping.step, steps[i]);
    }
    const Event& first = read.events[0];
    EXPECT_EQ(first.mapping.function, MappingFunction::mmap);
    EXPECT_EQ(first.mapping.traits, kMapsFile | kMapsShared);
    EXPECT_EQ(first.arguments[2], 2 * kPage);  // whole pages
    EXPECT_EQ(first.result, kAddress + kPage);
    EXPECT_EQ(read.sites[0].address, 0x1000U);
    EXPECT_EQ(read.events[1].arguments[0], kAddress + 2 * kPage);
    EXPECT_EQ(read.events[1].arguments[1], kPage);
    EXPECT_EQ(read.sites[2].address, 0x2000U);
    const Event& last = read.events[4];
    EXPECT_EQ(last.mapping.function, MappingFunction::mremap);
    EXPECT_EQ(last.arguments[0], kAddress);
    EXPECT_EQ(last.arguments[1], kPage);
    EXPECT_EQ(last.arguments[2], 3 * kPage);
    EXPECT_EQ(last.result, kAddress + 9 * kPage);
  });
}

TEST(MappingRecords, AreNoPartOfBlocks) {
  in_own_process([] {
    interpose::record_malloc(100, block(kAddress + 16), caller(0x1000));
    record_mapped(MappingFunction::mmap, 0, kPage, block(kAddress), caller_in_function(0));
    interpose::record_malloc(50, block(kAddress + 256), caller(0x1000));
    release(0, kPage);
    map(7, 2 * kPage, 0x4000);
    ASSERT_TRUE(interpose::end_recording());
    const report::Profile use = profile();
    EXPECT_EQ(use.events, 2U);
    EXPECT_EQ(use.total.live.bytes, 150U);
    EXPECT_EQ(use.sites.size(), 1U);
    EXPECT_EQ(live(use, MappedFor::Memory), 2 * kPage);
    EXPECT_EQ(use.mappings.totals[0].peak, 2 * kPage);
    ASSERT_EQ(use.mappings.rows.size(), 2U);
    EXPECT_EQ(use.mappings.rows[0].totals.live, 2 * kPage);
    EXPECT_EQ(use.mappings.rows[0].library, "unknown library");
  });
}

TEST(MappingRecords, WithStacksToo) {
  in_own_process(
      [] {
        interpose::record_malloc(100, block(kAddress + 16), caller(0x1000));
        for (std::uintptr_t i = 0; i < 5000; ++i) {
          record_mapped(MappingFunction::mmap, 0, kPage, block(kAddress + (1 + i) * kPage),
                        caller_in_function(i));
        }
        for (std::uintptr_t i = 0; i < 4000; ++i) release(1 + i, kPage);
        ASSERT_TRUE(interpose::end_recording());
        const report::Profile use = profile();
        EXPECT_EQ(live(use, MappedFor::Memory), 1000 * kPage);
        EXPECT_EQ(use.mappings.rows.size(), 4U);
        EXPECT_EQ(use.total.live.bytes, 100U);
      },
      {.max_stack = 100});
}

TEST(MappingRecords, AreNotMadeInSumsOrIfTheyAreNotWanted) {
  for (const CaptureSettings& settings :
       {CaptureSettings{.mode = RecordMode::Sums}, CaptureSettings{.has_mappings = false}}) {
    in_own_process(
        [] {
          interpose::record_malloc(100, block(kAddress), caller(0x1000));
          map(1, kPage);
          release(1, kPage).fail();
          ASSERT_TRUE(interpose::end_recording());
          const Read read = read_all();
          EXPECT_EQ(read.recorded, 1U);
          EXPECT_EQ(read.lost, 0U);
          for (const Event& event : read.events) EXPECT_EQ(event.kind, EventKind::Call);
        },
        settings);
  }
}

TEST(MappingRecords, RingsKeepTheirCounts) {
  in_own_process(
      [] {
        for (std::uintptr_t i = 0; i < 50'000; ++i) {
          interpose::record_malloc(i, block(kAddress + 16 * i), caller(0x1000 + i % 7));
          if (i % 10 == 0) map(i, kPage);
        }
        ASSERT_TRUE(interpose::end_recording());
        const Read read = read_all();
        EXPECT_EQ(read.recorded + read.overwritten, 50'000U);
        EXPECT_EQ(read.damaged, 0U);
      },
      {.mode = RecordMode::Ring, .ring_bytes = 1 << 16});
}

// Threads map, move and release parts of what others mapped, with the turn of the process
// exclusive, then shared. What one thread knows of another is in its order.
void pass_ranges_on(bool is_shared) {
  if (is_shared) interpose::share_turn();
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  std::atomic<int> turn{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      for (int round = number; round < kRounds; round += kThreads) {
        interpose::record_malloc(1, block(0x10000 * (1 + number)), caller(0x1000));
        while (turn.load(std::memory_order_acquire) != round) std::this_thread::yield();
        // The range of the thread before. It overlaps this one's in half of its pages.
        if (round != 0) release(static_cast<std::uintptr_t>(round - 1), 2 * kPage);
        map(static_cast<std::uintptr_t>(round), 2 * kPage);
        turn.store(round + 1, std::memory_order_release);
        interpose::record_free(block(0x10000 * (1 + number)), caller(0x1000));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(interpose::end_recording());
  const report::Profile use = profile();
  EXPECT_EQ(live(use, MappedFor::Memory), 2 * kPage);
  EXPECT_EQ(use.mappings.totals[0].peak, 2 * kPage);
  EXPECT_EQ(use.mappings.unknown_releases, 0U);
}

TEST(MappingRecords, AreInOrderAmongThreads) {
  for (const bool is_shared : {false, true}) {
    in_own_process([=] { pass_ranges_on(is_shared); });
  }
}

}  // namespace
}  // namespace pymemflow
