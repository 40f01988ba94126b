// Tests rings and sums: the events that they keep, also if the process is killed at any moment.

#include <map>
#include <string>
#include <thread>
#include <tuple>

#include "capture/buckets.h"
#include "tests/unit/killed.h"

namespace pymemflow {
namespace {

using interpose::CaptureSettings;
using interpose::recording;

const CaptureSettings kRing = {.mode = RecordMode::Ring, .ring_bytes = 100'000};
const CaptureSettings kSums = {.mode = RecordMode::Sums};

// Records a call of one of several functions, with one of many sizes. The sites are 64 that repeat,
// and now and then a new one.
void record_one(std::uint64_t i) {
  const void* const from = caller(i % 500 == 0 ? 1000 + i : 1 + i % 64);
  switch (i % 5) {
    case 0:
      interpose::record_free(block(0x1000), from);
      break;
    case 1:
      interpose::record_call({Function::calloc, {i % 7, i % 900}, 0x2000, from});
      break;
    case 2: {
      interpose::MoveRecord move(Function::realloc, block(0x2000), from);
      move.finish({0x2000, i % 5000}, block(0x3000));
      break;
    }
    case 3:
      interpose::record_malloc(i * i % 100'000, block(0x4000), from);
      break;
    default:
      interpose::record_malloc(512, block(0x4000), from);
      break;
  }
}

using Key = std::tuple<Function, std::uint64_t, int>;  // function, address of the site, bucket
using Sums = std::map<Key, std::pair<std::uint64_t, std::uint64_t>>;

void add(Sums& sums, const Event& event, std::uint64_t address) {
  const bool is_release = traits(event.function).effect == Effect::Release;
  const std::uint64_t size = is_release ? 0 : event.size_bytes();
  auto& [count, bytes] =
      sums[{event.function, is_release ? 0 : address, bucket_of(static_cast<std::int64_t>(size))}];
  ++count;
  bytes += size;
}

// Returns the sums of the events of a capture, which may hold single events or sums.
Sums sums_of(int file) {
  Sums sums;
  report::CaptureReader reader(file);
  EXPECT_EQ(reader.poll(), report::CaptureError::None);
  Event event;
  const report::Site* site = nullptr;
  while (reader.next(event, site)) {
    if (event.kind == EventKind::Call) add(sums, event, site->address);
  }
  for (const report::EventSum& sum : reader.sums()) {
    const report::Site* const place = reader.names().find(sum.site);
    auto& [count, bytes] = sums[{sum.function, place == nullptr ? 0 : place->address, sum.bucket}];
    count += sum.count;
    bytes += sum.bytes;
  }
  EXPECT_EQ(reader.damaged(), 0U);
  EXPECT_EQ(reader.left_out(), 0U);
  EXPECT_EQ(reader.lost(), 0U);
  return sums;
}

// Returns the sums of the first `count` events that record_one() records.
Sums expected_sums(std::uint64_t count) {
  Sums sums;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t address = i % 500 == 0 ? 1000 + i : 1 + i % 64;
    switch (i % 5) {
      case 0:
        add(sums, {.function = Function::free, .arguments = {0x1000}, .result = 0}, address);
        break;
      case 1:
        add(sums, {.function = Function::calloc, .arguments = {i % 7, i % 900}, .result = 0x2000},
            address);
        break;
      case 2:
        add(sums,
            {.function = Function::realloc, .arguments = {0x2000, i % 5000}, .result = 0x3000},
            address);
        break;
      case 3:
        add(sums, {.function = Function::malloc, .arguments = {i * i % 100'000}, .result = 0x4000},
            address);
        break;
      default:
        add(sums, {.function = Function::malloc, .arguments = {512}, .result = 0x4000}, address);
    }
  }
  return sums;
}

std::uint64_t count_of(const Sums& sums) {
  std::uint64_t events = 0;
  for (const auto& [key, sum] : sums) events += sum.first;
  return events;
}

TEST(Sums, AreThoseOfTheEvents) {
  static constexpr std::uint64_t kEvents = 300'000;
  in_own_process(
      [] {
        for (std::uint64_t i = 0; i < kEvents; ++i) record_one(i);
        ASSERT_TRUE(interpose::end_recording());
        EXPECT_TRUE(sums_of(recording.destination.file.descriptor()) == expected_sums(kEvents));
        EXPECT_EQ(read_all().recorded, kEvents);
      },
      kSums);
}

TEST(Sums, TakeRoomBySitesAndNotByEvents) {
  in_own_process(
      [] {
        for (std::uint64_t i = 0; i < 1'000'000; ++i) {
          interpose::record_malloc(i % 5000, block(0x1000), caller(1 + i % 1000));
        }
        ASSERT_TRUE(interpose::end_recording());
        EXPECT_EQ(read_all().recorded, 1'000'000U);
        // A thousand sites in up to 14 buckets.
        EXPECT_LT(::lseek(recording.destination.file.descriptor(), 0, SEEK_END),
                  14'000 * 64 * 3 / 2);
      },
      kSums);
}

TEST(Sums, OfThreadsAddUp) {
  in_own_process(
      [] {
        std::vector<std::thread> threads;
        for (int t = 0; t < 8; ++t) {
          threads.emplace_back([] {
            for (std::uint64_t i = 0; i < 50'000; ++i) record_one(i);
          });
        }
        for (std::thread& thread : threads) thread.join();
        ASSERT_TRUE(interpose::end_recording());
        Sums expected = expected_sums(50'000);
        for (auto& [key, sum] : expected) sum = {8 * sum.first, 8 * sum.second};
        EXPECT_TRUE(sums_of(recording.destination.file.descriptor()) == expected);
      },
      kSums);
}

// Kills processes at various moments. By then windows have been replaced, and one may be in the
// middle of it.
template <typename Body>
void with_many_killed(const CaptureSettings& settings, Body body) {
  for (unsigned round = 0; round < 25; ++round) {
    with_killed(settings, {.events = 3'000 * (round + 3), .pause_us = round * 97 % 1000},
                record_one, body);
  }
}

TEST(Sums, SurviveAKill) {
  with_many_killed(kSums, [](int file, std::uint64_t complete) {
    const Sums sums = sums_of(file);
    const std::uint64_t events = count_of(sums);
    // The event that was being recorded may be in the capture or not.
    EXPECT_GE(events, complete);
    EXPECT_LE(events, complete + 1);
    EXPECT_TRUE(sums == expected_sums(events));
    EXPECT_EQ(read_all(file).head.end, EndKind::None);
  });
}

TEST(Ring, KeepsTheLastEvents) {
  static constexpr std::uint64_t kEvents = 200'000;
  in_own_process(
      [] {
        for (std::uint64_t i = 0; i < kEvents; ++i) {
          interpose::record_malloc(i, block(0x1000), caller(1 + i / 1000));
        }
        ASSERT_TRUE(interpose::end_recording());
        const Read read = read_all();
        EXPECT_EQ(read.lost + read.damaged + read.left_out, 0U);
        EXPECT_EQ(read.events.size() + read.overwritten, kEvents);
        // Events have 16 bytes; the ring holds at most two blocks more than its size.
        EXPECT_GE(read.events.size(), kRing.ring_bytes / 16);
        EXPECT_LE(read.events.size(), (kRing.ring_bytes + 2 * kBlockBytes) / 16);
        for (std::size_t k = 0; k < read.events.size(); ++k) {
          const std::uint64_t i = read.overwritten + k;
          ASSERT_EQ(read.events[k].arguments[0], i);
          ASSERT_EQ(read.sites[k].address, 1 + i / 1000);
        }
      },
      kRing);
}

TEST(Ring, ShorterThanWhatIsAskedForKeepsAll) {
  in_own_process(
      [] {
        for (std::uint64_t i = 0; i < 6000; ++i) {
          interpose::record_malloc(i, block(0x1000), caller(1));
        }
        ASSERT_TRUE(interpose::end_recording());
        const Read read = read_all();
        EXPECT_EQ(read.events.size(), 6000U);
        EXPECT_EQ(read.overwritten, 0U);
      },
      kRing);
}

TEST(Ring, TakesNoMoreRoomWithTime) {
  in_own_process(
      [] {
        const auto size = [] {
          return ::lseek(recording.destination.file.descriptor(), 0, SEEK_END);
        };
        const auto record_many = [] {
          for (std::uint64_t i = 0; i < 300'000; ++i) {
            interpose::record_malloc(i, block(0x1000), caller(1 + i % 100));
          }
        };
        record_many();
        const auto before = size();
        for (int round = 0; round < 5; ++round) record_many();
        EXPECT_EQ(size(), before);
        EXPECT_LE(before, static_cast<off_t>(kRing.ring_bytes + 4 * kBlockBytes));
        ASSERT_TRUE(interpose::end_recording());
        const Read read = read_all();
        EXPECT_EQ(read.events.size() + read.overwritten, 1'800'000U);
      },
      kRing);
}

TEST(Ring, SurvivesAKill) {
  with_many_killed(kRing, [](int file, std::uint64_t complete) {
    const Read read = read_all(file);
    EXPECT_EQ(read.damaged + read.left_out + read.lost, 0U);
    const std::uint64_t events = read.events.size() + read.overwritten;
    EXPECT_GE(events, complete);
    EXPECT_LE(events, complete + 1);
  });
}

TEST(Ring, OfEachThreadIsItsOwn) {
  in_own_process(
      [] {
        interpose::record_malloc(77, block(0x7000), caller(7));
        std::thread([] {
          for (std::uint64_t i = 0; i < 200'000; ++i) {
            interpose::record_malloc(i, block(0x1000), caller(1));
          }
        }).join();
        ASSERT_TRUE(interpose::end_recording());
        const Read read = read_all();
        ASSERT_FALSE(read.events.empty());
        EXPECT_EQ(read.events.front().arguments[0], 77U);
        EXPECT_EQ(read.events.front().thread, static_cast<std::uint32_t>(::getpid()));
        EXPECT_EQ(read.events.size() + read.overwritten, 200'001U);
      },
      kRing);
}

}  // namespace
}  // namespace pymemflow
