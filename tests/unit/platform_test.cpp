// Tests the contract of the headers of platform/, which is the same on every system. Runs on the
// system that it is built for; cross-builds compile it only.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "capture/earlier_image.h"
#include "platform/clock.h"
#include "platform/files.h"
#include "platform/loader.h"
#include "platform/memory.h"
#include "platform/modules.h"
#include "platform/process.h"
#include "platform/stack_bounds.h"
#include "platform/thread_values.h"
#include "platform/threads.h"

namespace pymemflow::platform {
namespace {

using Path = std::string;

TEST(Platform, TellsThreadsApartAndKnowsWhichAreAlive) {
  const std::uint32_t mine = thread_id();
  EXPECT_EQ(mine, thread_id());
  EXPECT_TRUE(is_thread_alive(process_id(), mine));
  std::uint32_t other = 0;
  std::uintptr_t other_self = 0;
  bool was_alive = false;
  std::thread([&] {
    other = thread_id();
    other_self = thread_self();
    was_alive = is_thread_alive(process_id(), other);
  }).join();
  EXPECT_NE(other, mine);
  EXPECT_NE(other_self, thread_self());
  EXPECT_TRUE(was_alive);
  // join() may return a moment before the system has removed the thread.
  for (int tries = 0; tries < 1000 && is_thread_alive(process_id(), other); ++tries) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(is_thread_alive(process_id(), other));
}

TEST(Platform, AsksForTheProcessIdWhereCallsAreForbidden) {
  const std::uint32_t process = process_id();
  forbid_system_calls(true);
  const std::uint32_t permitted = permitted_process_id();
  forbid_system_calls(false);
  EXPECT_EQ(permitted, process);
}

TEST(Platform, KeepsOneValueAThread) {
  make_thread_values();
  int here = 0;
  for (const ThreadValue which :
       {ThreadValue::Writer, ThreadValue::DyingCode, ThreadValue::IsAsking}) {
    EXPECT_EQ(thread_value(which), nullptr);
    set_thread_value(which, &here);
  }
  std::thread([] {
    int there = 0;
    EXPECT_EQ(thread_value(ThreadValue::Writer), nullptr);
    set_thread_value(ThreadValue::Writer, &there);
    EXPECT_EQ(thread_value(ThreadValue::Writer), &there);
    EXPECT_EQ(thread_value(ThreadValue::DyingCode), nullptr);
  }).join();
  EXPECT_EQ(thread_value(ThreadValue::Writer), &here);
  for (const ThreadValue which :
       {ThreadValue::Writer, ThreadValue::DyingCode, ThreadValue::IsAsking}) {
    set_thread_value(which, nullptr);
  }
}

TEST(Platform, HasAClockThatNeverGoesBack) {
  std::uint64_t last = monotonic_ns();
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t now = monotonic_ns();
    ASSERT_LE(last, now);
    last = now;
  }
  // The time is between 2020 and 2100.
  EXPECT_GT(realtime_ns(), 1'577'836'800'000'000'000U);
  EXPECT_LT(realtime_ns(), 4'102'444'800'000'000'000U);
}

struct Found {
  std::uint64_t address;
  Mapping mapping;
  Path path;
};

bool find_module(const void* address, Found& found) {
  found = {.address = reinterpret_cast<std::uint64_t>(address), .mapping = {}, .path = {}};
  char scratch[8192];
  visit_modules(
      scratch,
      [](const Mapping& mapping, void* context) {
        Found& wanted = *static_cast<Found*>(context);
        if (wanted.address < mapping.start || wanted.address >= mapping.end) return;
        wanted.mapping = mapping;
        wanted.path.assign(mapping.path, mapping.path_bytes);
      },
      &found);
  return !found.path.empty();
}

TEST(Platform, ReadsTheSameClockWithoutASystemCall) {
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t before = platform::monotonic_ns();
    const std::uint64_t quick = platform::quick_monotonic_ns();
    const std::uint64_t after = platform::monotonic_ns();
    EXPECT_TRUE(before <= quick && quick <= after) << before << ' ' << quick << ' ' << after;
    platform::find_quick_clock();
  }
}

TEST(Platform, ListsTheModulesOfThisProcess) {
  Found own;
  ASSERT_TRUE(find_module(reinterpret_cast<const void*>(&find_module), own));
  EXPECT_NE(own.path.find("platform_test"), Path::npos) << own.path;
  Found system;
  ASSERT_TRUE(find_module(::dlsym(RTLD_DEFAULT, "pthread_create"), system));
  EXPECT_NE(system.path, own.path);
  Found none;
  EXPECT_FALSE(find_module(&own, none)) << none.path;  // the stack is not a file
}

TEST(Platform, KnowsTheBuildOfAModule) {
  Found system;
  ASSERT_TRUE(find_module(::dlsym(RTLD_DEFAULT, "pthread_create"), system));
  unsigned char id[32];
  const std::size_t bytes = find_build_id(system.mapping.image, id);
  EXPECT_GE(bytes, 16U);
  EXPECT_EQ(find_build_id(0, id), 0U);
}

__attribute__((no_sanitize("address"))) void check_bounds(bool is_own) {
  char local = 0;
  const auto address = reinterpret_cast<std::uintptr_t>(&local);
  const platform::StackBounds bounds = platform::find_stack_bounds(address);
  EXPECT_EQ(bounds.is_own, is_own);
  EXPECT_TRUE(bounds.holds(address));
  if (is_own && getpid() != static_cast<pid_t>(platform::thread_id())) {
    EXPECT_LE(bounds.end, platform::thread_self());
    // A sanitizer keeps much there.
    EXPECT_LT(bounds.end - address, std::size_t{1} << 20);
  }
}

TEST(Platform, FindsTheBoundsOfStacks) {
  check_bounds(true);
  std::thread([] { check_bounds(true); }).join();
  EXPECT_EQ(platform::find_stack_bounds(16).end, 0U);
  // A stack that is not the thread's own.
  static char memory[std::size_t{1} << 16];
  stack_t stack = {};
  stack.ss_sp = memory;
  stack.ss_size = sizeof memory;
  ASSERT_EQ(::sigaltstack(&stack, nullptr), 0);
  struct sigaction action = {};
  action.sa_flags = SA_ONSTACK;
  action.sa_handler = [](int) { check_bounds(false); };
  ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
  ::raise(SIGUSR1);
}

TEST(Platform, FindsDefinitionsInLoadedLibraries) {
  struct Definitions {
    int count = 0;
    void* address = nullptr;
  } found;
  const auto visit = [](const char*, void* address, void* context) {
    auto& definitions = *static_cast<Definitions*>(context);
    ++definitions.count;
    definitions.address = address;
  };
  visit_definitions("no_function_has_this_name", visit, &found);
  EXPECT_EQ(found.count, 0);
  EXPECT_GT(count_added_libraries(), 0U);
}

TEST(Platform, CopiesMemoryThatMayNotBeThere) {
  const std::uint64_t here = 4711;
  std::uint64_t copy = 0;
  EXPECT_TRUE(copy_memory(&copy, reinterpret_cast<std::uint64_t>(&here), sizeof here));
  EXPECT_EQ(copy, here);
  EXPECT_FALSE(copy_memory(&copy, 16, sizeof copy));
  void* const pages = map_private(1 << 16);
  ASSERT_NE(pages, nullptr);
  unmap(pages, 1 << 16);
}

TEST(Platform, ReservesWritesAndMapsFiles) {
  errno = 4242;
  const int file = open_nameless_file();
  ASSERT_GE(file, 0);
  ASSERT_EQ(reserve_file(file, 65536, 65536), 0);
  EXPECT_EQ(file_bytes(file), 131072U);
  // Reserving an earlier part of the file later must not truncate it.
  ASSERT_EQ(reserve_file(file, 0, 65536), 0);
  EXPECT_EQ(file_bytes(file), 131072U);
  ASSERT_EQ(write_file(file, "abcd", 4, 70000), 0);
  const std::string front = "12";
  ASSERT_EQ(write_file(file, {front.data(), front.size()}, "345", 3, 70004), 0);
  auto* const pages = static_cast<char*>(map_file(file, 65536, 65536));
  ASSERT_NE(pages, nullptr);
  EXPECT_EQ(std::string(pages + 70000 - 65536, 9), "abcd12345");
  EXPECT_EQ(pages[65535], '\0');
  FileIdentity identity{};
  EXPECT_TRUE(identify_file(file, identity));
  unmap(pages, 65536);
  close_file(file);
  EXPECT_FALSE(identify_file(file, identity));
  EXPECT_GT(allowed_file_bytes(), 131072U);
  EXPECT_EQ(errno, 4242);
}

TEST(Platform, SaysWhyAWriteWasCutShort) {
  const int file = open_nameless_file();
  ASSERT_GE(file, 0);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit allowed = {.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &allowed), 0);
  const std::string front(60, 'f'), data(60, 'd');
  const int in_data = write_file(file, front, data.data(), data.size(), 0);
  const std::uint64_t bytes = file_bytes(file);
  const int in_front = write_file(file, front, data.data(), data.size(), 90);
  const int whole = write_file(file, front, data.data(), 40, 0);
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(in_data, EFBIG);
  EXPECT_EQ(bytes, 100U);
  EXPECT_EQ(in_front, EFBIG);
  EXPECT_EQ(whole, 0);
  close_file(file);
}

TEST(Platform, SaysWhatThisProcessIs) {
  std::string words;
  visit_command_line([](const char* bytes, std::size_t size,
                        void* context) { static_cast<std::string*>(context)->append(bytes, size); },
                     &words);
  EXPECT_NE(words.find("platform_test"), std::string::npos);
  EXPECT_EQ(words.back(), '\0');
  char host[512];
  EXPECT_GT(describe_host(host), 4U);
  EXPECT_TRUE(is_environment_trusted());
  EXPECT_NE(environment(), nullptr);
  EXPECT_TRUE(could_run("/bin/sh"));
}

TEST(Platform, KnowsWhenTheProcessBegan) {
  const std::uint64_t began = process_began_ns();
  constexpr std::uint64_t kMinute = 60'000'000'000;
  EXPECT_LE(began, realtime_ns());
  EXPECT_GT(began + 10 * kMinute, realtime_ns());
  const Path path = testing::TempDir() + "began." + std::to_string(process_id());
  close_file(make_file(path.c_str()));
  const std::uint64_t changed = changed_ns(path.c_str());
  remove_file(path.c_str());
  const ImageTimes times = {began, realtime_ns()};
  EXPECT_TRUE(times.is_of_earlier_image(changed));
  EXPECT_FALSE(times.is_of_earlier_image(began - kMinute));
  EXPECT_FALSE(times.is_of_earlier_image(realtime_ns()));
  EXPECT_FALSE((ImageTimes{0, times.image_began}.is_of_earlier_image(changed)));
  EXPECT_EQ(changed_ns("/no/such/file"), 0U);
}

}  // namespace
}  // namespace pymemflow::platform
