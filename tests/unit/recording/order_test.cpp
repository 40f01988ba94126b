// The order of events that is read, against the order in which they happened: threads act one after
// the other in a random order that is known, each in the middle of a Move of its own if chance says
// so. Every block must be read with its events in their order, and every mark in its place.

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "interpose/recording/turn_taking.h"
#include "tests/unit/recorded.h"

namespace pymemflow {
namespace {

using interpose::MoveRecord;

constexpr std::size_t kStripe = 1 << 16;

// Runs steps on threads of its own, one at a time.
class Threads {
 public:
  explicit Threads(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      workers_.push_back(std::make_unique<Worker>());
      workers_[i]->thread = std::thread([this, worker = workers_[i].get()] { work(*worker); });
    }
  }
  ~Threads() {
    step_ = nullptr;
    for (const auto& worker : workers_) {
      worker->go.release();
      worker->thread.join();
    }
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  template <typename Step>
  void run(std::size_t thread, Step step) {
    step_ = step;
    workers_[thread]->go.release();
    is_done_.acquire();
  }

 private:
  struct Worker {
    std::binary_semaphore go{0};
    std::thread thread;
  };

  void work(Worker& worker) {
    for (;;) {
      worker.go.acquire();
      if (step_ == nullptr) return;
      step_();
      is_done_.release();
    }
  }

  std::function<void()> step_;
  std::binary_semaphore is_done_{0};
  std::vector<std::unique_ptr<Worker>> workers_;
};

// Raises the stamp of two threads: they alternate in one stripe.
void raise_stamps(Threads& threads, std::size_t a, std::size_t b) {
  for (int i = 0; i < 5; ++i) {
    for (const std::size_t thread : {a, b}) {
      threads.run(thread, [] { interpose::record_malloc(0, nullptr, caller(9)); });
      threads.run(thread, [] { interpose::record_malloc(0, block(0x7770000), caller(9)); });
      threads.run(thread, [] { interpose::record_free(block(0x7770000), caller(9)); });
    }
  }
}

// A thread frees q with a great stamp. A Move gets q and releases p, which a third thread gets,
// with a small stamp and before the Move returns. The stripes of p and q differ.
void move_between_stripes(bool begins_shared, bool third_was_there) {
  in_own_process([=] {
    constexpr std::uintptr_t kP = 2 * kStripe, kQ = 90 * kStripe, kOther = kP + 64;
    Threads threads(4);
    if (begins_shared) interpose::share_turn();
    threads.run(0, [] { interpose::record_malloc(101, block(kP), caller(1)); });
    threads.run(1, [] { interpose::record_malloc(102, block(kQ), caller(1)); });
    threads.run(2, [] { interpose::record_malloc(103, block(kOther), caller(1)); });
    std::unique_ptr<MoveRecord> move;
    threads.run(
        0, [&] { move = std::make_unique<MoveRecord>(Function::realloc, block(kP), caller(1)); });
    interpose::share_turn();
    if (third_was_there) {
      threads.run(2, [] { interpose::record_free(block(kOther), caller(1)); });
    }
    raise_stamps(threads, 1, 3);
    threads.run(1, [] { interpose::record_free(block(kQ), caller(1)); });
    threads.run(2, [] { interpose::record_malloc(105, block(kP), caller(1)); });
    threads.run(0, [&] { move->finish({kP, 104}, block(kQ)); });
    ASSERT_TRUE(interpose::end_recording());

    std::vector<std::string> found;
    for (const Event& event : read_all().events) {
      if (event.function == Function::realloc) found.emplace_back("moved");
      if (event.function == Function::malloc && event.result == kP) found.emplace_back("p");
      if (event.function == Function::free && event.arguments[0] == kQ)
        found.emplace_back("q freed");
    }
    EXPECT_EQ(found, (std::vector<std::string>{"p", "q freed", "moved", "p"}));
  });
}

TEST(Order, OfAMoveBetweenStripes) {
  move_between_stripes(true, false);
}

TEST(Order, OfAMoveBetweenStripesWhenTheNextOwnerWasInItsStripe) {
  move_between_stripes(true, true);
}

TEST(Order, OfAMoveThatBeganBeforeTheTurnWasShared) {
  move_between_stripes(false, false);
  move_between_stripes(false, true);
}

// The events that a thread has after a mark come after it, and those before it come before it,
// although nothing but the mark's thread connects them.
TEST(Order, OfMarksAmongThreads) {
  in_own_process([] {
    Threads threads(4);
    interpose::share_turn();
    raise_stamps(threads, 1, 3);
    threads.run(1, [] { interpose::record_malloc(1, block(10 * kStripe), caller(1)); });
    threads.run(2, [] { interpose::record_malloc(1, block(20 * kStripe), caller(1)); });
    threads.run(0, [] { EXPECT_TRUE(interpose::record_named_mark("here")); });
    threads.run(2, [] { interpose::record_malloc(2, block(21 * kStripe), caller(1)); });
    threads.run(0, [] { interpose::record_malloc(2, block(30 * kStripe), caller(1)); });
    threads.run(1, [] { interpose::record_malloc(2, block(11 * kStripe), caller(1)); });
    ASSERT_TRUE(interpose::end_recording());

    report::CaptureReader reader(interpose::recording.destination.file.descriptor());
    ASSERT_EQ(reader.poll(), report::CaptureError::None);
    std::string found;
    Event event;
    const report::Site* site = nullptr;
    while (reader.next(event, site)) {
      if (event.kind == EventKind::Mark) found += '|';
      if (event.kind == EventKind::Call && event.arguments[0] == 1) found += '1';
      if (event.kind == EventKind::Call && event.arguments[0] == 2) found += '2';
    }
    EXPECT_EQ(found, "11|222");
  });
}

// A run of which the order is known.
class KnownRun {
 public:
  KnownRun(std::uint64_t seed, std::size_t stripes) : random_(seed), moves_(kThreads) {
    for (std::size_t i = 0; i < kBlocks; ++i) {
      free_.push_back(kStripe * (1 + i % stripes) + 16 * i);
    }
  }

  void go(std::size_t steps) {
    Threads threads(kThreads);
    const std::size_t shared_at = random_() % steps;
    for (std::size_t step = 0; step < steps; ++step) {
      if (step == shared_at) interpose::share_turn();
      const std::size_t thread = random_() % kThreads;
      threads.run(thread, [this, thread] { take_step(moves_[thread]); });
    }
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.run(i, [this, i] { end(moves_[i]); });
    }
  }

  // The sizes that each block had, one after the other; 0 where it was freed.
  std::map<std::uint64_t, std::vector<std::uint64_t>> expected;

 private:
  static constexpr std::size_t kThreads = 6;
  static constexpr std::size_t kBlocks = 24;
  struct Move {
    std::unique_ptr<MoveRecord> record;
    std::uint64_t old = 0;
    std::uint64_t result = 0;
    std::uint64_t bytes = 0;
  };

  std::uint64_t take(std::vector<std::uint64_t>& blocks) {
    const std::size_t i = random_() % blocks.size();
    const std::uint64_t block = blocks[i];
    blocks[i] = blocks.back();
    blocks.pop_back();
    return block;
  }

  // A Move begins in one step of its thread, and ends in the next one.
  void take_step(Move& move) {
    if (move.record != nullptr) {
      end(move);
      return;
    }
    const std::uint64_t choice = random_() % 8;
    if (choice < 3 && !free_.empty()) {
      const std::uint64_t address = take(free_);
      interpose::record_malloc(++bytes_, block(address), caller(1));
      expected[address].push_back(bytes_);
      live_.push_back(address);
    } else if (choice < 6 && !live_.empty()) {
      const std::uint64_t address = take(live_);
      interpose::record_free(block(address), caller(1));
      expected[address].push_back(0);
      free_.push_back(address);
    } else if (!live_.empty() && !free_.empty()) {
      move.old = take(live_);
      move.record = std::make_unique<MoveRecord>(Function::realloc, block(move.old), caller(1));
      move.result = take(free_);
      move.bytes = ++bytes_;
      expected[move.old].push_back(0);
      expected[move.result].push_back(move.bytes);
      free_.push_back(move.old);  // another thread may get it before the call returns
    }
  }

  void end(Move& move) {
    if (move.record == nullptr) return;
    move.record->finish({move.old, move.bytes}, block(move.result));
    move.record.reset();
    live_.push_back(move.result);
  }

  std::mt19937_64 random_;
  std::vector<Move> moves_;
  std::vector<std::uint64_t> free_;
  std::vector<std::uint64_t> live_;
  std::uint64_t bytes_ = 0;
};

TEST(Order, OfRandomRuns) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    for (const std::size_t stripes : {1, 3, 24}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", stripes " + std::to_string(stripes));
      in_own_process([=] {
        KnownRun run(seed, stripes);
        run.go(400);
        ASSERT_TRUE(interpose::end_recording());
        std::map<std::uint64_t, std::vector<std::uint64_t>> found;
        for (const Event& event : read_all().events) {
          const Effect effect = traits(event.function).effect;
          if (effect != Effect::Allocate) found[event.arguments[0]].push_back(0);
          if (effect != Effect::Release) found[event.result].push_back(event.size_bytes());
        }
        EXPECT_EQ(found, run.expected);
      });
    }
  }
}

}  // namespace
}  // namespace pymemflow
