// Readings of the resident set: what they follow in the record, and what a profile makes of them.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "platform/memory.h"
#include "report/replay/profile.h"
#include "tests/unit/recorded.h"

namespace pymemflow {
namespace {

using interpose::CaptureSettings;
using interpose::recording;

void allocate(std::uintptr_t number) {
  interpose::record_malloc(number, block(0x10000 * number), caller(0x1000 + number % 7));
}

std::vector<Event> events() {
  report::CaptureReader reader(recording.destination.file.descriptor());
  EXPECT_EQ(reader.poll(), report::CaptureError::None);
  std::vector<Event> all;
  Event event;
  const report::Site* site = nullptr;
  while (reader.next(event, site)) {
    EXPECT_EQ(site == nullptr, !has_site(event.kind));
    all.push_back(event);
  }
  EXPECT_EQ(reader.damaged() + reader.left_out(), 0U);
  return all;
}

std::size_t readings(const std::vector<Event>& all) {
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const Event& each) { return each.kind == EventKind::Memory; }));
}

report::Profile profile() {
  report::CaptureReader reader(recording.destination.file.descriptor());
  EXPECT_EQ(reader.poll(), report::CaptureError::None);
  report::Symbols symbols(reader.names().modules(), report::Symbols::Where::kOffline);
  report::ProfileBuilder builder(reader.process_info(), reader.names(), symbols);
  report::EventBatch batch;
  while (reader.next(batch)) builder.on_events(batch);
  return builder.finish();
}

TEST(MemoryRecords, BeginNewBlocks) {
  for (const RecordMode mode : {RecordMode::Full, RecordMode::Ring, RecordMode::Sums}) {
    const CaptureSettings settings = {.mode = mode, .ring_bytes = 1 << 20};
    in_own_process(
        [mode] {
          for (std::uintptr_t i = 1; i <= 50'000; ++i) allocate(i);
          ASSERT_TRUE(interpose::end_recording());
          const std::vector<Event> all = events();
          // 16 bytes per event, and clock readings.
          const std::size_t blocks = 50'000 * 16 / kBlockBytes;
          const std::size_t found = readings(all);
          if (mode == RecordMode::Sums) {
            EXPECT_EQ(found, 0U);
          } else {
            EXPECT_GE(found, blocks);
            EXPECT_LE(found, blocks + 3);
          }
        },
        settings);
  }
}

TEST(MemoryRecords, BelongToTheirMarks) {
  in_own_process([] {
    constexpr std::size_t kBytes = std::size_t{64} << 20;
    EXPECT_TRUE(interpose::record_named_mark("small", {5000, 700}));
    allocate(1);
    auto* const pages = static_cast<char*>(platform::map_private(kBytes));
    ASSERT_NE(pages, nullptr);
    for (std::size_t i = 0; i < kBytes; i += 4096) pages[i] = 1;
    EXPECT_TRUE(interpose::record_named_mark("large"));
    platform::unmap(pages, kBytes);
    recording.resident = {};
    EXPECT_TRUE(interpose::record_named_mark("unknown", {5000, 700}));
    ASSERT_TRUE(interpose::end_recording());
    const report::Profile use = profile();
    ASSERT_EQ(use.snapshots.size(), 3U);
    const auto& [small, large, unknown] =
        std::tie(use.snapshots[0], use.snapshots[1], use.snapshots[2]);
    EXPECT_GT(small.resident, 0U);
    EXPECT_EQ(small.heaps, 5000U);
    EXPECT_EQ(small.free_in_heaps, 700U);
    // The kernel counts some hundred pages late.
    constexpr std::size_t kLate = 4 << 20;
    EXPECT_GT(large.resident, small.resident + kBytes - kLate);
#if !defined(__SANITIZE_THREAD__)
    // ThreadSanitizer keeps notes of each page, which are resident too.
    EXPECT_LT(large.resident, small.resident + kBytes + kLate);
#endif
    EXPECT_EQ(large.heaps, 0U);
    EXPECT_EQ(unknown.resident, 0U);
    EXPECT_EQ(use.resident.count, 2U);
    EXPECT_EQ(use.resident.first, small.resident);
    EXPECT_EQ(use.resident.most, large.resident);
  });
}

// The descriptor of its parent would show the memory of the parent.
TEST(MemoryRecords, OfAForkedChildAreItsOwn) {
  in_own_process([] {
    allocate(1);
    const int inherited = recording.resident.descriptor();
    ASSERT_GE(inherited, 512);
    constexpr std::size_t kBytes = std::size_t{64} << 20;
    const pid_t child = ::fork();
    if (child == 0) {
      auto* const pages = static_cast<char*>(platform::map_private(kBytes));
      for (std::size_t i = 0; i < kBytes; i += 4096) pages[i] = 1;
      allocate(2);
      const bool is_own = recording.resident.bytes() > kBytes;
      const bool is_closed =
          recording.resident.descriptor() == inherited || ::fcntl(inherited, F_GETFD) < 0;
      ::_exit(is_own && is_closed ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  });
}

// A program may close the descriptor by a system call, and open another file under its number.
TEST(MemoryRecords, TakeNothingFromAnotherFile) {
  in_own_process([] {
    const int file = recording.resident.descriptor();
    EXPECT_TRUE(interpose::is_own_descriptor(file));
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    for (const int other : {ends[0], ::open("/proc/self/status", O_RDONLY | O_CLOEXEC),
                            ::open("/dev/null", O_RDWR | O_CLOEXEC)}) {
      ASSERT_EQ(::dup2(other, file), file);
      EXPECT_EQ(recording.resident.bytes(), 0U);
      EXPECT_FALSE(interpose::is_own_descriptor(file));
    }
    ::close(file);
    EXPECT_EQ(recording.resident.bytes(), 0U);
    EXPECT_TRUE(interpose::record_named_mark("without"));
    EXPECT_EQ(readings(events()), 0U);
  });
}

}  // namespace
}  // namespace pymemflow
