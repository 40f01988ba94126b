// Tests captures that grow while they are read, with one poll() or with many, until the recording
// process ends or is killed. The reader gets the recorded events in their order, without damage.

#include <fcntl.h>
#include <sys/mman.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <new>
#include <string>
#include <thread>

#include "tests/unit/recorded.h"

namespace pymemflow {
namespace {

using interpose::CaptureSettings;
using interpose::recording;
using report::CaptureError;
using report::CaptureReader;

constexpr std::uint64_t kSites = 1000;
constexpr std::uint64_t kForEver = ~std::uint64_t{0};

// A process that records malloc(1), malloc(2) and so on, by three threads in turn.
class Recorder {
 public:
  // The process waits when it has recorded `events` (see go_on()), and ends its recording after
  // `most`.
  Recorder(std::uint64_t events, std::uint64_t most, const CaptureSettings& settings = {}) {
    void* const memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared_ = new (memory) Shared{};
    shared_->allowed = events;
    child_ = ::fork();
    if (child_ == 0) record(most, settings);
    while (shared_->descriptor < 0) ::usleep(100);
    const std::string path =
        "/proc/" + std::to_string(child_) + "/fd/" + std::to_string(shared_->descriptor);
    file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_GE(file_, 0);
  }
  ~Recorder() {
    kill();
    ::close(file_);
    ::munmap(shared_, sizeof(Shared));
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  int file() const { return file_; }
  std::uint64_t recorded() const { return shared_->recorded; }
  bool has_ended() const { return shared_->has_ended; }
  void wait_for(std::uint64_t events) const {
    while (recorded() < events) ::usleep(100);
  }
  // Lets the process record up to this number of events.
  void go_on(std::uint64_t events) const { shared_->allowed = events; }
  void kill() {
    if (child_ == 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = 0;
  }

 private:
  struct Shared {
    std::atomic<int> descriptor = -1;
    std::atomic<std::uint64_t> allowed = 0;
    std::atomic<std::uint64_t> recorded = 0;
    std::atomic<bool> has_ended = false;
  };

  [[noreturn]] void record(std::uint64_t most, const CaptureSettings& settings) {
    if (interpose::start_recording({}, settings) != 0) ::_exit(1);
    shared_->descriptor = recording.destination.file.descriptor();
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (std::uint64_t run = 1; shared_->recorded < most; run = run * 7 % 1013) {
          while (shared_->recorded >= shared_->allowed) ::usleep(50);
          // Some runs are short, so that the threads alternate, and some are long.
          const std::lock_guard lock(mutex);
          for (std::uint64_t k = 0; k < run && shared_->recorded < most; ++k) {
            const std::uint64_t number = shared_->recorded + 1;
            interpose::record_malloc(number, block(0x1000), caller(1 + number % kSites));
            shared_->recorded = number;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    interpose::end_recording(EndKind::Exit);
    shared_->has_ended = true;
    for (;;) ::pause();
  }

  Shared* shared_ = nullptr;
  pid_t child_ = 0;
  int file_ = -1;
};

// Checks that the events continue after event number `last`, and returns the number of the last
// one.
std::uint64_t check_events(CaptureReader& reader, std::uint64_t last) {
  Event event;
  const report::Site* site = nullptr;
  while (reader.next(event, site)) {
    if (event.kind == EventKind::Memory) continue;
    EXPECT_EQ(event.arguments[0], ++last);
    EXPECT_EQ(site->address, 1 + last % kSites);
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_EQ(reader.damaged() + reader.lost() + reader.left_out(), 0U);
  return last;
}

TEST(Growing, IsPolledUntilItsProcessHasEnded) {
  constexpr std::uint64_t kEvents = 400'000;
  const Recorder recorder(kEvents, kEvents);
  CaptureReader reader(recorder.file());
  std::uint64_t last = 0;
  int polls = 0;
  for (bool has_ended = false; !has_ended && !HasFailure(); ++polls) {
    has_ended = recorder.has_ended();
    const std::uint64_t before = recorder.recorded();
    ASSERT_EQ(reader.poll(), CaptureError::None);
    last = check_events(reader, last);
    EXPECT_GE(last, before);
  }
  EXPECT_EQ(last, kEvents);
  EXPECT_EQ(reader.recorded(), kEvents);
  EXPECT_GT(polls, 2);
}

TEST(Growing, IsReadOnceAtAnyMoment) {
  const Recorder recorder(0, kForEver);
  for (std::uint64_t round = 1; round <= 40 && !HasFailure(); ++round) {
    recorder.go_on((round + 3) * 9'000);
    recorder.wait_for(round * 9'000);
    const std::uint64_t before = recorder.recorded();
    CaptureReader reader(recorder.file());
    ASSERT_EQ(reader.poll(), CaptureError::None);
    EXPECT_GE(check_events(reader, 0), before);
  }
}

TEST(Growing, IsPolledUntilItsProcessWasKilled) {
  for (std::uint64_t round = 1; round <= 10 && !HasFailure(); ++round) {
    Recorder recorder(round * 60'000, kForEver);
    CaptureReader reader(recorder.file());
    recorder.wait_for(round * 7'000);
    ASSERT_EQ(reader.poll(), CaptureError::None);
    std::uint64_t last = check_events(reader, 0);
    ::usleep(static_cast<useconds_t>(round * 97));
    recorder.kill();
    ASSERT_EQ(reader.poll(), CaptureError::None);
    last = check_events(reader, last);
    // The event that was being recorded may be in the capture or not.
    EXPECT_GE(last, recorder.recorded());
    EXPECT_LE(last, recorder.recorded() + 1);
    ASSERT_EQ(reader.poll(), CaptureError::None);
    EXPECT_EQ(check_events(reader, last), last);
  }
}

// Once the process no longer outruns the reader, each event was either read or counted as
// overwritten.
TEST(Growing, RingLosesNothingUnseen) {
  const CaptureSettings settings = {.mode = RecordMode::Ring, .ring_bytes = 200'000};
  const Recorder recorder(0, kForEver, settings);
  CaptureReader polled(recorder.file());
  const auto read = [](CaptureReader& reader) {
    EXPECT_EQ(reader.poll(), CaptureError::None);
    Event event;
    const report::Site* site = nullptr;
    for (std::uint64_t last = 0; reader.next(event, site);) {
      if (event.kind == EventKind::Memory) continue;
      EXPECT_GT(event.arguments[0], last);
      last = event.arguments[0];
    }
    EXPECT_EQ(reader.damaged() + reader.lost() + reader.left_out(), 0U);
  };
  for (std::uint64_t round = 1; round <= 20 && !HasFailure(); ++round) {
    recorder.go_on((round + 3) * 20'000);
    recorder.wait_for(round * 20'000);
    CaptureReader once(recorder.file());
    read(once);
    read(polled);
  }
  recorder.wait_for(23 * 20'000);
  for (bool is_still = false; !is_still;) {
    const std::uint64_t recorded = recorder.recorded();
    CaptureReader once(recorder.file());
    read(once);
    read(polled);
    is_still = recorded == recorder.recorded();
    for (CaptureReader* const reader : {&once, &polled}) {
      const std::uint64_t seen = reader->recorded() + reader->overwritten();
      // The event that was being recorded may be in the capture or not.
      EXPECT_TRUE(!is_still || seen == recorded || seen == recorded + 1) << seen << ' ' << recorded;
    }
  }
}

TEST(Growing, SumsAddUpAtAnyMoment) {
  const Recorder recorder(0, kForEver, {.mode = RecordMode::Sums});
  CaptureReader polled(recorder.file());
  for (std::uint64_t round = 1; round <= 20 && !HasFailure(); ++round) {
    recorder.go_on((round + 3) * 20'000);
    recorder.wait_for(round * 20'000);
    CaptureReader once(recorder.file());
    for (CaptureReader* const reader : {&once, &polled}) {
      ASSERT_EQ(reader->poll(), CaptureError::None);
      Event event;
      const report::Site* site = nullptr;
      while (reader->next(event, site)) {
      }
      EXPECT_EQ(reader->damaged() + reader->lost() + reader->left_out(), 0U);
      EXPECT_LE(reader->recorded(), recorder.recorded() + 1);
    }
  }
}

// Returns the number of read calls of this process so far.
std::uint64_t reads() {
  std::FILE* const file = std::fopen("/proc/self/io", "re");
  unsigned long long count = 0;
  char line[80];
  while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr) {
    std::sscanf(line, "syscr: %llu", &count);
  }
  if (file != nullptr) std::fclose(file);
  return count;
}

TEST(Growing, TheIndexOfALargeFileIsNotReadAgain) {
  constexpr std::uint64_t kEvents = 1'500'000;
  const Recorder recorder(kEvents, kForEver);
  recorder.wait_for(kEvents);
  CaptureReader reader(recorder.file());
  if (reads() == 0) GTEST_SKIP() << "this system does not count reads";
  const std::uint64_t start = reads();
  ASSERT_EQ(reader.poll(), CaptureError::None);
  const std::uint64_t first = reads() - start;
  const std::uint64_t last = check_events(reader, 0);
  EXPECT_GE(last, kEvents);
  const std::uint64_t again = reads();
  ASSERT_EQ(reader.poll(), CaptureError::None);
  EXPECT_GE(check_events(reader, last), last);
  const std::uint64_t second = reads() - again;
  EXPECT_GT(first, 300U);
  EXPECT_LT(second, first / 3);
}

}  // namespace
}  // namespace pymemflow
