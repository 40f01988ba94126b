// Walks of whole stacks: their ends, limits and marks; on threads, in signal handlers, while
// exceptions are thrown and libraries are unloaded.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "interpose/unwind/function_parts.h"
#include "interpose/unwind/rules.h"
#include "interpose/unwind/stops.h"
#include "interpose/unwind/walk.h"
#include "stack_of_thread.h"

namespace pymemflow::interpose {
namespace {

using Frames = std::vector<std::uintptr_t>;

struct Found {
  Frames frames;
  WalkEnd end;
  Registers at;
};

[[gnu::noinline]] Found walk_here(StackRange stack, std::size_t room = 4096,
                                  Until until = Until::Bottom) {
  Found found{Frames(room), WalkEnd::Unread, own_registers()};
  const Walk done = walk(found.at, stack, found.frames, until);
  found.frames.resize(done.frames);
  found.end = done.end;
  return found;
}

// `work` inside `depth` calls of this function.
[[gnu::noinline]] std::size_t nest(int depth, const std::function<void()>& work) {
  if (depth == 0) {
    work();
    return 1;
  }
  volatile std::size_t below = nest(depth - 1, work);
  return below + 1;
}

class UnwindWalk : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(prepare_rules()); }
  void TearDown() override { mark_code({}); }
  const StackRange stack_ = own_stack();
};

TEST_F(UnwindWalk, ReachesTheBottom) {
  const Found flat = walk_here(stack_);
  EXPECT_EQ(flat.end, WalkEnd::Bottom);
  Found deep;
  nest(50, [&] { deep = walk_here(stack_); });
  EXPECT_EQ(deep.end, WalkEnd::Bottom);
  EXPECT_GE(deep.frames.size(), flat.frames.size() + 50);
  EXPECT_TRUE(std::equal(flat.frames.rbegin(), flat.frames.rend() - 1, deep.frames.rbegin()));
}

TEST_F(UnwindWalk, StopsWhenFullAndContinues) {
  nest(20, [&] {
    const Found whole = walk_here(stack_);
    // A walk continues at a frame that has not returned: not at that of walk_here().
    for (std::size_t room = 1; room < 20; ++room) {
      Found part = walk_here(stack_, room);
      ASSERT_EQ(part.end, WalkEnd::Full);
      ASSERT_EQ(part.frames.size(), room);
      Frames rest(4096);
      const Walk more = walk(part.at, stack_, rest, Until::Bottom);
      EXPECT_EQ(more.end, WalkEnd::Bottom);
      EXPECT_EQ(room + more.frames, whole.frames.size());
      EXPECT_TRUE(std::equal(whole.frames.begin() + 1 + static_cast<std::ptrdiff_t>(room),
                             whole.frames.end(), rest.begin() + 1));
    }
  });
}

TEST_F(UnwindWalk, ReadsNoWordBeyondTheStackThatItIsGiven) {
  nest(20, [&] {
    const Registers here = own_registers();
    Found cut = walk_here({here.sp, here.sp + 256});
    EXPECT_EQ(cut.end, WalkEnd::Unread);
    EXPECT_LE(cut.at.sp, here.sp + 256);
    EXPECT_EQ(walk_here({here.sp + 4096, stack_.end}).frames.size(), 0U);
    EXPECT_EQ(walk_here({0, 0}).end, WalkEnd::Unread);
  });
}

TEST_F(UnwindWalk, StopsAtMarkedCodeAndGoesOnBehindIt) {
  nest(9, [&] {
    const Found whole = walk_here(stack_);
    const std::uintptr_t marked = whole.frames[4];
    // Other ranges around it, and not in order.
    const CodeRange ranges[] = {
        {~std::uintptr_t{0} - 8, ~std::uintptr_t{0}}, {marked - 1, marked}, {16, 32}};
    ASSERT_TRUE(mark_code(ranges));
    EXPECT_TRUE(is_marked(marked));
    EXPECT_FALSE(is_marked(marked + 1));
    Found part = walk_here(stack_, 4096, Until::MarkedCode);
    EXPECT_EQ(part.end, WalkEnd::Stopped);
    ASSERT_FALSE(part.frames.empty());
    EXPECT_EQ(part.frames.back(), marked);
    EXPECT_LE(part.frames.size(), 5U);
    EXPECT_EQ(walk_here(stack_).frames.size(), whole.frames.size());
    std::size_t count = part.frames.size();
    WalkEnd end = part.end;
    while (end == WalkEnd::Stopped) {
      const Walk more = walk(part.at, stack_, part.frames, Until::MarkedCode);
      if (more.end == WalkEnd::Full) part.frames.resize(4096);
      count += more.frames;
      end = more.end;
    }
  });
}

[[gnu::noinline, gnu::cold]] void walk_rarely(StackRange stack, Found& found) {
  found = walk_here(stack, 4096, Until::MarkedCode);
}

// GCC moves its rare part away.
[[gnu::noinline]] std::size_t has_rare_part(std::size_t number, StackRange stack, Found& found) {
  volatile std::size_t numbers[40];
  for (std::size_t i = 0; i < std::size(numbers); ++i) numbers[i] = number * i;
  if (numbers[7] == 21) {
    walk_rarely(stack, found);
    numbers[8] = numbers[9] + found.frames.size();
  }
  return numbers[number % std::size(numbers)];
}

TEST_F(UnwindWalk, StopsInAnyPartOfAFunction) {
  std::array<CodeRange, 8> parts;
  const auto function = reinterpret_cast<std::uintptr_t>(&has_rare_part);
  const std::size_t count = find_function_parts(function, parts);
  ASSERT_GT(count, 0U);
  EXPECT_EQ(parts[0].start, function);
  ASSERT_TRUE(mark_code({parts.data(), count}));
  Found found = {};
  EXPECT_EQ(has_rare_part(3, stack_, found), 9U);
  EXPECT_EQ(found.end, WalkEnd::Stopped);
  ASSERT_EQ(found.frames.size(), 2U);
  const bool is_elsewhere = found.frames[1] < parts[0].start || found.frames[1] > parts[0].end;
  EXPECT_EQ(is_elsewhere, count > 1);
  EXPECT_EQ(find_function_parts(function + 1, parts), 0U);
}

TEST_F(UnwindWalk, EndsOnThreadsWithSmallStacks) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, 64 * 1024);
  WalkEnd end = WalkEnd::Unread;
  pthread_t thread;
  ASSERT_EQ(::pthread_create(
                &thread, &attributes,
                [](void* result) -> void* {
                  std::array<std::uintptr_t, 64> frames;
                  Registers at = own_registers();
                  *static_cast<WalkEnd*>(result) = walk(at, own_stack(), frames, Until::Bottom).end;
                  return nullptr;
                },
                &end),
            0);
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
  EXPECT_EQ(end, WalkEnd::Bottom);
}

// A pool of threads that compile the same rules at once, and forget them.
TEST_F(UnwindWalk, IsTheSameOnAllThreads) {
  std::atomic<std::size_t> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&wrong, i] {
      const StackRange stack = own_stack();
      nest(10, [&] {
        Frames first;
        for (int round = 0; round < 500; ++round) {
          Found found = walk_here(stack);
          if (first.empty()) first.assign(found.frames.begin() + 1, found.frames.end());
          if (found.end != WalkEnd::Bottom || found.frames.size() != first.size() + 1 ||
              !std::equal(first.begin(), first.end(), found.frames.begin() + 1)) {
            ++wrong;
          }
          if (i == 0 && round % 10 == 0) forget_rules({0, ~std::uintptr_t{0}});
          if (i == 1 && round % 10 == 0) note_loaded_code();
        }
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0U);
}

struct WalksInDestructor {
  Found& found;
  StackRange stack;
  ~WalksInDestructor() { found = walk_here(stack); }
};

TEST_F(UnwindWalk, PassesThroughAnExceptionInFlight) {
  Found found;
  nest(5, [&] {
    try {
      nest(5, [&] {
        const WalksInDestructor walks{found, stack_};
        throw std::runtime_error("in flight");
      });
    } catch (const std::runtime_error&) {
      return;
    }
  });
  EXPECT_EQ(found.end, WalkEnd::Bottom);
  EXPECT_GT(found.frames.size(), 10U);
}

TEST_F(UnwindWalk, EndsAtCodeWithoutUnwindData) {
  alignas(16) static const std::uintptr_t no_code[4] = {};
  Registers at = own_registers();
  at.pc = reinterpret_cast<std::uintptr_t>(no_code) + 8;
  std::array<std::uintptr_t, 8> frames;
  const RuleCounts before = count_rules();
  EXPECT_EQ(walk(at, stack_, frames, Until::Bottom).end, WalkEnd::NoRule);
  EXPECT_EQ(count_rules().failed, before.failed + 1);
  EXPECT_EQ(walk(at, stack_, frames, Until::Bottom).end, WalkEnd::NoRule);
  EXPECT_EQ(count_rules().failed, before.failed + 1);  // remembered
  note_loaded_code();
  EXPECT_EQ(walk(at, stack_, frames, Until::Bottom).end, WalkEnd::NoRule);
  EXPECT_EQ(count_rules().failed, before.failed + 2);  // looked up again
}

using CallBack = int (*)(void (*)(void*), void*);

struct Loaded {
  void* library;
  CallBack call_back;
  explicit Loaded(const char* path) : library(::dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    void* const found = library == nullptr ? nullptr : ::dlsym(library, "call_back");
    std::memcpy(&call_back, &found, sizeof call_back);
  }
};

TEST_F(UnwindWalk, ForgetsTheRulesOfALibraryThatIsUnloaded) {
  const std::size_t flat = walk_here(stack_).frames.size();
  struct Context {
    StackRange stack;
    Found found;
  } context = {stack_, {}};
  const auto look = [](void* given) {
    auto& wanted = *static_cast<Context*>(given);
    wanted.found = walk_here(wanted.stack);
  };
  const Loaded small(PMF_REUSED_256);
  ASSERT_NE(small.call_back, nullptr);
  small.call_back(look, &context);
  EXPECT_EQ(context.found.end, WalkEnd::Bottom);
  const std::size_t frames = context.found.frames.size();
  EXPECT_GT(frames, flat);
  ::dlclose(small.library);
  const auto address = reinterpret_cast<std::uintptr_t>(small.call_back);
  forget_rules({address - 4096, address + 4096});
  const Loaded large(PMF_REUSED_640);
  ASSERT_NE(large.call_back, nullptr);
  const bool is_reused = large.call_back == small.call_back;
  large.call_back(look, &context);
  ::dlclose(large.library);
  EXPECT_EQ(context.found.end, WalkEnd::Bottom);
  EXPECT_EQ(context.found.frames.size(), frames);
  if (!is_reused) GTEST_SKIP() << "the loader has chosen another address";
}

// A walk in a signal handler, which may not allocate, and its continuation on another stack.
struct HandlerWalk {
  StackRange stack;
  StackRange next_stack;
  std::array<std::uintptr_t, 64> frames;
  std::array<std::uintptr_t, 64> next_frames;
  Registers at;
  Walk found;
  Walk next;
};
HandlerWalk handler_walk;

void walk_in_handler(int) {
  HandlerWalk& here = handler_walk;
  here.at = own_registers();
  here.found = walk(here.at, here.stack, here.frames, Until::Bottom);
  Registers at = here.at;
  here.next = walk(at, here.next_stack, here.next_frames, Until::Bottom);
}

TEST_F(UnwindWalk, PassesThroughASignalHandler) {
  struct sigaction action = {};
  struct sigaction before;
  action.sa_handler = walk_in_handler;
  ::sigaction(SIGUSR1, &action, &before);
  handler_walk = {};
  handler_walk.stack = stack_;
  Found outside;
  nest(5, [&] {
    outside = walk_here(stack_);
    ::raise(SIGUSR1);
  });
  const std::size_t count = handler_walk.found.frames;
  EXPECT_EQ(handler_walk.found.end, WalkEnd::Bottom);
  ASSERT_GT(count, outside.frames.size());
  EXPECT_EQ(handler_walk.frames[count - 1], outside.frames.back());
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(UnwindWalk, ContinuesOnTheStackThatASignalInterrupted) {
  std::vector<char> alternate(64 * 1024);
  const stack_t other = {.ss_sp = alternate.data(), .ss_flags = 0, .ss_size = alternate.size()};
  ::sigaltstack(&other, nullptr);
  struct sigaction action = {};
  struct sigaction before;
  action.sa_handler = walk_in_handler;
  action.sa_flags = SA_ONSTACK;
  ::sigaction(SIGUSR1, &action, &before);
  const auto first = reinterpret_cast<std::uintptr_t>(alternate.data());
  handler_walk = {};
  handler_walk.stack = {first, first + alternate.size()};
  handler_walk.next_stack = stack_;
  const Found outside = walk_here(stack_);
  nest(5, [&] { ::raise(SIGUSR1); });
  EXPECT_EQ(handler_walk.found.end, WalkEnd::Unread);
  EXPECT_GE(handler_walk.found.frames, 2U);
  EXPECT_GE(handler_walk.at.sp, stack_.start);
  EXPECT_LE(handler_walk.at.sp, stack_.end);
  const std::size_t count = handler_walk.next.frames;
  EXPECT_EQ(handler_walk.next.end, WalkEnd::Bottom);
  ASSERT_GT(count, 5U);
  EXPECT_EQ(handler_walk.next_frames[count - 1], outside.frames.back());
  const stack_t none = {.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  ::sigaltstack(&none, nullptr);
  ::sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace pymemflow::interpose
