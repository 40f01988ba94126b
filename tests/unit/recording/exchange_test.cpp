// Sixteen threads pass the blocks of a common allocator to each other. In the recorded order, an
// address must be allocated only while it is free, and freed only while it is allocated. An order
// that is wrong by one event breaks that. The blocks lie in one stripe of addresses, or each in its
// own; the turn is shared from the start, from the middle on, or when the threads contend for it
// (interpose/recording/turn.h).

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include "tests/unit/recorded.h"

namespace pymemflow {
namespace {

using interpose::MoveRecord;

constexpr std::size_t kThreads = 16;
constexpr std::size_t kCells = 64;
constexpr std::uint64_t kFirst = 0x100000;

std::uint64_t events_a_thread() {
  const char* const is_long = std::getenv("PMF_LONG");
  return is_long == nullptr ? 20'000 : 11'000'000 / kThreads;
}

// Cells that hold one address each; 0 if empty.
class Cells {
 public:
  std::uint64_t take(std::size_t i) { return cells_[i].exchange(0); }
  // Takes the first address from cell `i` on; 0 if all cells are empty.
  std::uint64_t take_any(std::size_t i) {
    for (std::size_t tried = 0; tried < kCells; ++tried) {
      if (const std::uint64_t address = take((i + tried) % kCells)) return address;
    }
    return 0;
  }
  void put(std::size_t i, std::uint64_t address) {
    for (;; i = (i + 1) % kCells) {
      std::uint64_t empty = 0;
      if (cells_[i].compare_exchange_strong(empty, address)) return;
    }
  }

 private:
  std::array<std::atomic<std::uint64_t>, kCells> cells_{};
};

struct Exchange {
  std::uint64_t distance;  // of two blocks
  Cells free;
  Cells live;
  std::atomic<std::uint64_t> made{0};

  void allocate(std::size_t i, const void* from) {
    const std::uint64_t address = free.take_any(i);
    if (address == 0) return;
    interpose::record_malloc(8, block(address), from);
    live.put(i, address);
    ++made;
  }
  void release(std::size_t i, const void* from) {
    const std::uint64_t address = live.take_any(i);
    if (address == 0) return;
    interpose::record_free(block(address), from);
    free.put(i, address);
    ++made;
  }
  void move(std::size_t i, const void* from) {
    const std::uint64_t old = live.take_any(i);
    if (old == 0) return;
    MoveRecord move(Function::realloc, block(old), from);
    const std::uint64_t fresh = free.take_any(i);
    if (fresh != 0) free.put(i, old);
    const std::uint64_t result = fresh != 0 ? fresh : old;
    move.finish({old, 16}, block(result));
    live.put(i, result);
    ++made;
  }
  void work(std::size_t thread, std::uint64_t events) {
    std::uint64_t random = thread + 1;
    const void* const from = caller(thread + 1);
    for (std::uint64_t n = events; n > 0; --n) {
      random = random * 6364136223846793005 + 1442695040888963407;
      const std::size_t i = random >> 33 & (kCells - 1);
      switch (random >> 60) {
        case 0:
        case 1:
        case 2:
          move(i, from);
          break;
        case 3:
        case 4:
        case 5:
        case 6:
        case 7:
        case 8:
          release(i, from);
          break;
        default:
          allocate(i, from);
      }
    }
  }
};

// Counts the events that cannot have happened in the order of the capture.
struct Replay {
  std::uint64_t distance;
  std::array<bool, kCells> is_live{};
  std::uint64_t unreconciled = 0;

  void set(std::uint64_t address, bool live) {
    if (address == 0) return;
    if (std::exchange(is_live.at((address - kFirst) / distance), live) == live) ++unreconciled;
  }
  void add(const Event& event) {
    const Effect effect = traits(event.function).effect;
    if (effect != Effect::Allocate) set(event.arguments[0], false);
    if (effect != Effect::Release) set(event.result, true);
  }
};

void fill(Exchange& exchange) {
  for (std::size_t i = 0; i < kCells; ++i) exchange.free.put(i, kFirst + exchange.distance * i);
}

enum class Sharing : std::uint8_t { FromTheStart, InTheMiddle, UnderContention };

struct Case {
  Sharing sharing;
  std::uint64_t distance;
};

class Exchanged : public ::testing::TestWithParam<Case> {};

// Shares the turn when about half of the events have been made.
void share_in_the_middle(const Exchange& exchange) {
  while (exchange.made < kThreads * events_a_thread() / 4) std::this_thread::yield();
  interpose::share_turn();
}

TEST_P(Exchanged, BlocksReconcile) {
  in_own_process([] {
    static Exchange exchange;
    exchange.distance = GetParam().distance;
    if (GetParam().sharing == Sharing::FromTheStart) interpose::share_turn();
    fill(exchange);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([t] { exchange.work(t, events_a_thread()); });
    }
    if (GetParam().sharing == Sharing::InTheMiddle) share_in_the_middle(exchange);
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(interpose::end_recording());

    report::CaptureReader reader(interpose::recording.destination.file.descriptor());
    ASSERT_EQ(reader.poll(), report::CaptureError::None);
    Replay replay{exchange.distance};
    Event event;
    const report::Site* site = nullptr;
    while (reader.next(event, site)) {
      if (event.kind == EventKind::Call) replay.add(event);
    }
    EXPECT_GT(exchange.made, kThreads * events_a_thread() / 2);
    EXPECT_EQ(reader.recorded(), exchange.made);
    EXPECT_EQ(replay.unreconciled, 0U);
    EXPECT_EQ(reader.lost(), 0U);
    EXPECT_EQ(reader.damaged(), 0U);
    std::printf(
        "soak: %zu threads, %llu events made, %llu recorded, %llu lost, %llu unreconciled\n",
        kThreads, static_cast<unsigned long long>(exchange.made),
        static_cast<unsigned long long>(reader.recorded()),
        static_cast<unsigned long long>(reader.lost()),
        static_cast<unsigned long long>(replay.unreconciled));
    std::fflush(stdout);
  });
}

// Reads the same exchange repeatedly while it runs. The events up to each moment must replay, and
// in the end each event has been read exactly once.
TEST_P(Exchanged, BlocksReconcileAtEveryMoment) {
  in_own_process([] {
    static Exchange exchange;
    exchange.distance = GetParam().distance;
    if (GetParam().sharing == Sharing::FromTheStart) interpose::share_turn();
    static std::atomic<bool> is_enough{false};
    // Limits the threads, so that the reader keeps up under a sanitizer; otherwise each reading
    // would take longer than the last.
    static std::atomic<std::uint64_t> may_make{0};
    fill(exchange);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([t] {
        while (!is_enough) {
          if (exchange.made < may_make) exchange.work(t, 1000);
        }
      });
    }
    report::CaptureReader reader(interpose::recording.destination.file.descriptor());
    Replay replay{exchange.distance};
    constexpr std::uint64_t kMoments = 50;
    for (std::uint64_t moment = 0; moment < kMoments; ++moment) {
      if (moment + 1 == kMoments) {
        is_enough = true;
        for (std::thread& thread : threads) thread.join();
      }
      if (moment == kMoments / 2 && GetParam().sharing == Sharing::InTheMiddle) {
        interpose::share_turn();
      }
      may_make = 2'000 * (moment + 5);
      const std::uint64_t made_before = exchange.made;
      while (!is_enough && exchange.made < 2'000 * moment) std::this_thread::yield();
      const std::uint64_t stamp = interpose::record_turn();
      ASSERT_NE(stamp, 0U);
      interpose::recording.writers.wait_for_records();
      ASSERT_EQ(reader.poll(stamp), report::CaptureError::None);
      Event event;
      const report::Site* site = nullptr;
      while (reader.next(event, site)) {
        if (event.kind == EventKind::Call) replay.add(event);
      }
      EXPECT_EQ(replay.unreconciled, 0U) << "at moment " << moment;
      // A thread counts an event after recording it.
      EXPECT_GE(reader.recorded(), made_before);
    }
    EXPECT_GT(exchange.made, 50'000U);
    EXPECT_EQ(reader.recorded(), exchange.made);
    EXPECT_EQ(reader.left_out(), 0U);
    ASSERT_TRUE(interpose::end_recording());
    EXPECT_EQ(read_all().events.size(), exchange.made);
  });
}

constexpr std::uint64_t kInOneStripe = 16;
constexpr std::uint64_t kInStripesOfTheirOwn = 1 << 16;

INSTANTIATE_TEST_SUITE_P(Orders, Exchanged,
                         ::testing::Values(Case{Sharing::UnderContention, kInOneStripe},
                                           Case{Sharing::FromTheStart, kInOneStripe},
                                           Case{Sharing::FromTheStart, kInStripesOfTheirOwn},
                                           Case{Sharing::InTheMiddle, kInStripesOfTheirOwn}));

}  // namespace
}  // namespace pymemflow
