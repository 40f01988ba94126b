// Tests that all other threads of a process stop, whatever they are doing, and go on afterwards as
// if nothing had happened.

#include "platform/linux/held_threads.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "platform/linux/held_signals.h"
#include "platform/linux/signal_action.h"
#include "platform/threads.h"

namespace pymemflow::platform {
namespace {

constexpr int kSignal = 33;
constexpr const char* kAllBlocked = "fffffffffffbfeff";  // but SIGKILL and SIGSTOP
using Count = std::atomic<std::uint64_t>;

// Runs body() while the other threads are held, as the end of a process does.
template <typename Body>
void while_held(Body body) {
  const HeldSignals signals;
  const HeldThreads held;
  body();
}

std::string field_of(std::uint32_t thread, const std::string& name) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return "";
}

// The thread sleeps in the handler, which has all signals blocked.
bool is_in_handler(std::uint32_t thread) {
  for (int tries = 0; tries < 100'000; ++tries) {
    if (field_of(thread, "SigBlk") == kAllBlocked && field_of(thread, "State").starts_with("S")) {
      return true;
    }
    std::this_thread::yield();
  }
  return false;
}

void wait_for_more(const Count& count) {
  const std::uint64_t before = count.load();
  while (count.load() == before) std::this_thread::yield();
}

// A thread that runs work(count) over and over until it is told to stop.
class Worker {
 public:
  explicit Worker(std::function<void(Count&)> work)
      : thread_([this, work] {
          id = thread_id();
          while (!is_done) work(count);
        }) {
    while (id == 0) std::this_thread::yield();
  }
  ~Worker() {
    is_done = true;
    thread_.join();
  }
  Count count{0};
  std::atomic<std::uint32_t> id{0};
  std::atomic<bool> is_done{false};

 private:
  std::thread thread_;
};

void expect_stopped(const Worker& worker) {
  const std::uint64_t before = worker.count.load();
  EXPECT_TRUE(is_in_handler(worker.id));
  ::usleep(20'000);
  EXPECT_EQ(worker.count.load(), before);
}

SignalAction action_now() {
  SignalAction action;
  return set_action(kSignal, nullptr, &action), action;
}

// Returns the status of a forked child that calls body().
template <typename Body>
int end_of_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) body();
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

void unblock_all() {
  const SignalSet none = 0;
  system_call(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

TEST(HeldThreads, RunningThreadsStopAndGoOn) {
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 6; ++i) {
    workers.push_back(std::make_unique<Worker>([](Count& count) { ++count; }));
  }
  for (int round = 0; round < 3; ++round) {
    while_held([&] {
      for (const auto& worker : workers) expect_stopped(*worker);
    });
    for (const auto& worker : workers) wait_for_more(worker->count);
  }
}

TEST(HeldThreads, AThreadThatBlocksAllSignalsStops) {
  Worker worker([](Count& count) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    ++count;
  });
  wait_for_more(worker.count);
  while_held([&] { expect_stopped(worker); });
  wait_for_more(worker.count);
}

// Ends when a byte arrives, or SIGUSR1.
struct Wait {
  const char* name;
  void (*run)(int file);
};
constexpr Wait kWaits[] = {
    {"read",
     [](int file) {
       char byte;
       EXPECT_EQ(::read(file, &byte, 1), 1);
     }},
    {"epoll",
     [](int file) {
       const int waiting = ::epoll_create1(0);
       epoll_event event = {.events = EPOLLIN, .data = {}};
       ::epoll_ctl(waiting, EPOLL_CTL_ADD, file, &event);
       while (::epoll_wait(waiting, &event, 1, -1) != 1) EXPECT_EQ(errno, EINTR);
       ::close(waiting);
     }},
    {"sigwait",
     [](int) {
       sigset_t all;
       sigfillset(&all);
       pthread_sigmask(SIG_SETMASK, &all, nullptr);
       int signal = 0;
       EXPECT_EQ(sigwait(&all, &signal), 0);
       EXPECT_EQ(signal, SIGUSR1);
     }},
};

TEST(HeldThreads, WaitingThreadsGoOnWaiting) {
  for (const Wait& wait : kWaits) {
    SCOPED_TRACE(wait.name);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    std::atomic<std::uint32_t> id{0};
    std::atomic<bool> has_ended{false};
    std::thread thread([&] {
      // So that the signal waits if it comes first.
      sigset_t one;
      sigemptyset(&one);
      sigaddset(&one, SIGUSR1);
      pthread_sigmask(SIG_BLOCK, &one, nullptr);
      id = thread_id();
      wait.run(ends[0]);
      has_ended = true;
    });
    while (id == 0 || !field_of(id, "State").starts_with("S")) std::this_thread::yield();
    while_held([&] { EXPECT_TRUE(is_in_handler(id)); });
    // The handler has a grace; then the thread waits as before.
    while (field_of(id, "SigBlk") == kAllBlocked && std::string(wait.name) != "sigwait") {
      std::this_thread::yield();
    }
    EXPECT_FALSE(has_ended);
    EXPECT_EQ(::write(ends[1], "x", 1), 1);
    pthread_kill(thread.native_handle(), SIGUSR1);
    thread.join();
    ::close(ends[0]);
    ::close(ends[1]);
  }
}

TEST(HeldThreads, TheHandlerRunsOnTheAlternateStack) {
  std::vector<char> stack(std::size_t{64} << 10);
  Worker worker([&](Count& count) {
    const stack_t alternate = {stack.data(), 0, stack.size()};
    if (count++ == 0) sigaltstack(&alternate, nullptr);
  });
  wait_for_more(worker.count);
  while_held([&] {
    expect_stopped(worker);
    std::ifstream call("/proc/self/task/" + std::to_string(worker.id) + "/syscall");
    std::vector<std::string> words;
    for (std::string word; call >> word;) words.push_back(word);
    if (words.size() != 9) return;  // the kernel does not show it
    const auto pointer = reinterpret_cast<char*>(std::stoull(words[7], nullptr, 16));
    EXPECT_TRUE(pointer >= stack.data() && pointer < stack.data() + stack.size());
  });
  wait_for_more(worker.count);
}

TEST(HeldThreads, ThreadsThatBeginThreadsStop) {
  Count ended{0};
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 3; ++i) {
    workers.push_back(std::make_unique<Worker>([&](Count& count) {
      std::thread([&] { ++ended; }).join();
      ++count;
    }));
  }
  for (int round = 0; round < 5; ++round) {
    wait_for_more(ended);
    while_held([&] {
      for (const auto& worker : workers) EXPECT_TRUE(is_in_handler(worker->id));
      const std::uint64_t before = ended.load();
      ::usleep(20'000);
      EXPECT_EQ(ended.load(), before);
    });
  }
}

TEST(HeldThreads, TheSignalOfTheCLibraryIsHandedOn) {
  // The setter waits until each thread has run the handler of the C library.
  Worker setter([](Count& count) {
    EXPECT_EQ(::setgid(::getgid()), 0);
    ++count;
  });
  Worker other([](Count& count) { ++count; });
  for (int round = 0; round < 10; ++round) {
    wait_for_more(setter.count);
    while_held([&] { expect_stopped(other); });
  }
  wait_for_more(setter.count);
}

Count received{0};

void receive(int, siginfo_t*, void*) {
  ++received;
}

// With the first thread of a process the C library sets its handler of the signal.
[[maybe_unused]] const bool has_begun_a_thread = (std::thread([] {}).join(), true);

TEST(HeldThreads, AnotherHandlerGetsItsSignalsAndIsRestored) {
  const SignalAction before = action_now();
  const SignalAction own = action_of(receive, 0);
  ASSERT_EQ(set_action(kSignal, &own, nullptr), 0);
  Worker worker([](Count& count) { ++count; });
  const std::uint64_t before_it = received;
  while_held([&] {
    EXPECT_NE(action_now().handler, own.handler);
    expect_stopped(worker);
    EXPECT_EQ(::syscall(SYS_tgkill, ::getpid(), worker.id.load(), kSignal), 0);
    EXPECT_EQ(received, before_it);
  });
  while (received == before_it) std::this_thread::yield();
  EXPECT_EQ(received, before_it + 1);
  const SignalAction after = action_now();
  EXPECT_EQ(after.handler, own.handler);
  EXPECT_EQ(after.flags, own.flags);
  EXPECT_EQ(after.mask, own.mask);
  set_action(kSignal, &before, nullptr);
}

// By system calls, as no function of the C library does it.
TEST(HeldThreads, AThreadThatBlocksTheSignalIsNotEndedByItLater) {
  const SignalAction before = action_now();
  const SignalAction none = {};
  ASSERT_EQ(set_action(kSignal, &none, nullptr), 0);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::atomic<std::uint32_t> id{0};
  std::thread thread([&] {
    const SignalSet one = only(kSignal);
    system_call(SYS_rt_sigprocmask, SIG_BLOCK, &one, nullptr, sizeof one);
    id = thread_id();
    char byte;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1);
    system_call(SYS_rt_sigprocmask, SIG_UNBLOCK, &one, nullptr, sizeof one);
  });
  while (id == 0 || !field_of(id, "State").starts_with("S")) std::this_thread::yield();
  while_held([&] { EXPECT_NE(field_of(id, "SigBlk"), kAllBlocked); });
  EXPECT_NE(action_now().handler, none.handler);
  EXPECT_EQ(::write(ends[1], "x", 1), 1);
  thread.join();
  while_held([] {});
  set_action(kSignal, &before, nullptr);
}

TEST(HeldThreads, AThreadThatIsAloneIsLeftAlone) {
  EXPECT_EQ(end_of_child([] {
              const SignalAction none = {};
              set_action(kSignal, &none, nullptr);
              bool is_untouched = false;
              while_held([&] { is_untouched = action_now().handler == nullptr; });
              ::_exit(is_untouched ? 0 : 1);
            }),
            0);
}

// Forked while the threads of its parent are held. The handler and its words are the parent's.
TEST(HeldThreads, AForkedChildHoldsItsOwnThreads) {
  Worker worker([](Count& count) { ++count; });
  while_held([&] {
    EXPECT_EQ(end_of_child([] {
                unblock_all();
                Worker own([](Count& count) { ++count; });
                wait_for_more(own.count);
                while_held([&] { expect_stopped(own); });
                wait_for_more(own.count);
                ::_exit(testing::Test::HasFailure() ? 1 : 0);
              }),
              0);
    expect_stopped(worker);
  });
  wait_for_more(worker.count);
}

void fault() {
  *static_cast<volatile int*>(nullptr) = 1;
}

// The end of a child whose main thread holds a thread that fails by fail(). It blocks signal 33, so
// that it is not stopped before. `is_released`: the child goes on when the thread is released.
int end_of_failure(void (*fail)(), bool is_released) {
  return end_of_child([=] {
    std::atomic<std::uint32_t> id{0};
    std::atomic<bool> may_fail{false};
    std::thread thread([&] {
      const SignalSet one = only(kSignal);
      system_call(SYS_rt_sigprocmask, SIG_BLOCK, &one, nullptr, sizeof one);
      id = thread_id();
      while (!may_fail) ::usleep(1000);
      fail();
    });
    while (id == 0) std::this_thread::yield();
    while_held([&] {
      may_fail = true;
      if (!is_in_handler(id)) ::_exit(1);
      if (!is_released) ::_exit(0);
    });
    thread.join();
    ::_exit(2);
  });
}

TEST(HeldThreads, AThreadThatFailsIsHeld) {
  EXPECT_EQ(end_of_failure(fault, false), 0);
  EXPECT_EQ(end_of_failure(std::abort, false), 0);
}

TEST(HeldThreads, AThreadThatFailsEndsTheProcessLater) {
  EXPECT_EQ(WTERMSIG(end_of_failure(fault, true)), SIGSEGV);
  EXPECT_EQ(WTERMSIG(end_of_failure(std::abort, true)), SIGABRT);
}

TEST(HeldThreads, AForkedChildThatFaultsEnds) {
  Worker worker([](Count& count) { ++count; });
  while_held([] {
    EXPECT_EQ(WTERMSIG(end_of_child([] {
                unblock_all();
                fault();
              })),
              SIGSEGV);
  });
}

TEST(HeldThreads, NoneIsHeldOnceItIsForbidden) {
  EXPECT_EQ(end_of_child([] {
              Worker worker([](Count& count) { ++count; });
              HeldThreads::forbid();
              while_held([&] { wait_for_more(worker.count); });
              ::_exit(0);
            }),
            0);
}

}  // namespace
}  // namespace pymemflow::platform
