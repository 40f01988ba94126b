// Records events through the recorder, without hooks, and reads them back: the reader must return
// the same events, in an order in which they can have happened.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/killed.h"

namespace pymemflow {
namespace {

using interpose::Call;
using interpose::recording;

void expect_every_function_back() {
  constexpr std::uint64_t kHuge = (std::uint64_t{1} << 47) + 1;
  const std::uint64_t values[] = {0, 1, 4096, kHuge, ~std::uint64_t{0}};
  std::vector<Call> calls;
  for (std::size_t f = 0; f < kFunctionCount; ++f) {
    for (const std::uint64_t value : values) {
      for (const std::uint64_t address : {0x0ULL, 0x10ULL, 0x7fffffffffffULL, 0x55d0c8ULL}) {
        Call call{static_cast<Function>(f), {}, 0, caller(0x1000 + f)};
        const auto& function = kFunctions[f];
        for (std::size_t i = 0; i < function.arguments.size(); ++i) {
          call.arguments[i] = function.arguments[i] == 'p' ? address : value + i;
        }
        if (function.effect != Effect::Release) {
          call.result = address;
        }
        calls.push_back(call);
      }
    }
  }
  for (const Call& call : calls) interpose::record_call(call);
  ASSERT_TRUE(interpose::end_recording());
  const Read read = read_all();
  ASSERT_EQ(read.events.size(), calls.size());
  EXPECT_EQ(read.damaged, 0U);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(read.events[i].function, calls[i].function);
    EXPECT_TRUE(std::equal(calls[i].arguments, calls[i].arguments + kMaxArguments,
                           read.events[i].arguments));
    EXPECT_EQ(read.events[i].result, calls[i].result);
    EXPECT_EQ(read.sites[i].address, reinterpret_cast<std::uintptr_t>(calls[i].caller));
    EXPECT_FALSE(read.sites[i].has_frame);
  }
}

TEST(Recording, EveryFunctionComesBackAsItWas) {
  in_own_process(expect_every_function_back);
}

// Domains take a part of the site's number in short records.
TEST(Recording, EveryFunctionComesBackBesideDomains) {
  in_own_process(expect_every_function_back, {.has_domains = true});
}

TEST(Recording, SitesBesideDomains) {
  in_own_process(
      [] {
        constexpr std::uint64_t kSites = 40'000;  // more than have short records
        constexpr Domain kEach[] = {Domain::C, Domain::Raw, Domain::Mem, Domain::Obj};
        for (std::uint64_t i = 0; i < kSites; ++i) {
          const Domain domain = kEach[i % 4];
          interpose::record_malloc(i, block(0x1000 + 16 * i), caller(1 + i), domain);
          interpose::record_free(block(0x1000 + 16 * i), caller(1 + i), domain);
        }
        ASSERT_TRUE(interpose::end_recording());
        const Read read = read_all();
        ASSERT_EQ(read.events.size(), 2 * kSites);
        for (std::uint64_t i = 0; i < kSites; ++i) {
          const Domain domain = kEach[i % 4];
          ASSERT_EQ(read.events[2 * i].function, in_domain(Function::malloc, domain));
          ASSERT_EQ(read.events[2 * i + 1].function, in_domain(Function::free, domain));
          ASSERT_EQ(read.sites[2 * i].address, 1 + i);
          ASSERT_EQ(read.sites[2 * i + 1].address, 1 + i);
        }
      },
      {.has_domains = true});
}

TEST(Recording, ManyBlocksKeepOrderAndSites) {
  in_own_process([] {
    constexpr std::uint64_t kEvents = 100'000;
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      interpose::record_malloc(i, block(0x1000 + 16 * i), caller(1 + i % 3000));
    }
    ASSERT_TRUE(interpose::end_recording());
    const Read read = read_all();
    ASSERT_EQ(read.events.size(), kEvents);
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      ASSERT_EQ(read.events[i].arguments[0], i);
      ASSERT_EQ(read.sites[i].address, 1 + i % 3000);
    }
  });
}

TEST(Recording, ErrnoStays) {
  in_own_process([] {
    errno = 4242;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
      interpose::record_malloc(1, block(0x1000), caller(i + 1));
      interpose::record_free(block(0x1000), caller(i + 1));
      ASSERT_EQ(errno, 4242);
    }
  });
}

TEST(Recording, ShortThreadsUseWritersAgain) {
  in_own_process([] {
    constexpr std::uint64_t kThreads = 2'000;
    for (std::uint64_t i = 0; i < kThreads; ++i) {
      std::thread([i] { interpose::record_malloc(i, block(0x1000), caller(7)); }).join();
    }
    ASSERT_TRUE(interpose::end_recording());
    const Read read = read_all();
    ASSERT_EQ(read.events.size(), kThreads);
    for (std::uint64_t i = 0; i < kThreads; ++i) EXPECT_EQ(read.events[i].arguments[0], i);
    const auto blocks = ::lseek(recording.destination.file.descriptor(), 0, SEEK_END) /
                        static_cast<off_t>(kBlockBytes);
    EXPECT_LT(blocks, 64);
  });
}

std::atomic<std::uint64_t> handled{0};

void allocating_handler(int) {
  interpose::record_malloc(77, block(0x2000), caller(9));
  interpose::record_free(block(0x2000), caller(9));
  handled.fetch_add(1);
}

TEST(Recording, SignalHandlersRecordInTheMiddleOfARecord) {
  in_own_process([] {
    struct sigaction action {};
    action.sa_handler = allocating_handler;
    ::sigaction(SIGUSR1, &action, nullptr);
    std::atomic<bool> is_done{false};
    const pthread_t target = ::pthread_self();
    std::thread sender([&] {
      while (!is_done) ::pthread_kill(target, SIGUSR1);
    });
    constexpr std::uint64_t kEvents = 200'000;
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      interpose::record_malloc(i, block(0x1000), caller(1 + i % 100));
    }
    is_done = true;
    sender.join();
    ASSERT_TRUE(interpose::end_recording());
    const Read read = read_all();
    std::uint64_t from_handler = 0;
    std::uint64_t next = 0;
    for (const Event& event : read.events) {
      const bool is_of_handler = event.function == Function::free || event.arguments[0] == 77;
      from_handler += is_of_handler && read.events.size() > 0 &&
                      (event.result == 0x2000 || event.arguments[0] == 0x2000);
      if (event.function == Function::malloc && event.result == 0x1000) {
        EXPECT_EQ(event.arguments[0], next++);
      }
    }
    EXPECT_EQ(next, kEvents);
    EXPECT_EQ(from_handler, 2 * handled.load());
    EXPECT_EQ(read.lost, 0U);
  });
}

TEST(Recording, AForkedChildHasARecordOfItsOwn) {
  in_own_process([] {
    for (int i = 0; i < 100; ++i) interpose::record_malloc(1, block(0x1000), caller(1));
    const pid_t child = ::fork();
    if (child == 0) {
      for (int i = 0; i < 10; ++i) interpose::record_malloc(2, block(0x1000), caller(1));
      const bool has_ended = interpose::end_recording();
      const Read read = read_all();
      const bool is_right =
          has_ended && read.events.size() == 10 &&
          std::all_of(read.events.begin(), read.events.end(), [](const Event& event) {
            return event.arguments[0] == 2 &&
                   event.thread == static_cast<std::uint32_t>(::getpid());
          });
      ::_exit(is_right ? 0 : 1);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    for (int i = 0; i < 5; ++i) interpose::record_malloc(3, block(0x1000), caller(1));
    ASSERT_TRUE(interpose::end_recording());
    EXPECT_EQ(read_all().events.size(), 105U);
  });
}

TEST(Recording, AChildThatRecordsNothingHasNothingToReport) {
  in_own_process([] {
    interpose::record_malloc(1, block(0x1000), caller(1));
    const pid_t child = ::fork();
    if (child == 0) ::_exit(interpose::end_recording() ? 1 : 0);
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  });
}

// Whenever a process is killed, the capture has each completed event once and in order.
TEST(Recording, SurvivesAKill) {
  const auto record = [](std::uint64_t i) {
    interpose::record_malloc(i, block(0x1000 + 16 * (i % 5000)), caller(1 + i % 50));
  };
  for (unsigned round = 0; round < 20; ++round) {
    with_killed({}, {.events = 1, .pause_us = 1 + 1777 * round}, record,
                [](int file, std::uint64_t complete) {
                  const Read read = read_all(file);
                  EXPECT_GE(read.events.size(), complete);
                  EXPECT_EQ(read.damaged, 0U);
                  for (std::uint64_t i = 0; i < read.events.size(); ++i) {
                    ASSERT_EQ(read.events[i].arguments[0], i);
                    ASSERT_EQ(read.sites[i].address, 1 + i % 50);
                  }
                });
  }
}

}  // namespace
}  // namespace pymemflow
