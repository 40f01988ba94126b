// Tests the records that probes add: calls and returns of Python functions, pauses, and the probes'
// own memory. The probes themselves need a Python: tests/process/recording/test_probes.py.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "interpose/recording/blocks/definitions.h"
#include "interpose/recording/probe_arena.h"
#include "interpose/recording/recorder.h"
#include "report/reader/capture_reader.h"

namespace pymemflow {
namespace {

using interpose::recording;

const void* address(std::uintptr_t number) {
  return reinterpret_cast<const void*>(number);
}

// Runs each test in its own process, since a process records only once.
template <typename Body>
void in_own_process(Body body) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    body();
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

void record_malloc(std::uint64_t size) {
  interpose::record_call({Function::malloc, {size}, 0x1000, address(0x4000)});
}

struct Read {
  std::vector<Event> events;
  std::uint64_t recorded = 0;
  std::uint64_t lost = 0;
  std::uint64_t damaged = 0;
};

Read read_all() {
  Read read;
  report::CaptureReader reader(recording.destination.file.descriptor());
  EXPECT_EQ(reader.poll(), report::CaptureError::None);
  Event event;
  const report::Site* site = nullptr;
  while (reader.next(event, site)) {
    if (event.kind != EventKind::Memory) read.events.push_back(event);
  }
  read.recorded = reader.recorded();
  read.lost = reader.lost();
  read.damaged = reader.damaged();
  return read;
}

// A function with one site, as the recorder describes it.
SiteId define_function(interpose::Writer& writer) {
  pyframe::Code code{};
  code.filename = {"/a.py", 5, 1};
  code.name = {"f", 1, 1};
  constexpr std::uint32_t kNumber = 1000;
  constexpr SiteId kSite = 2000;
  EXPECT_TRUE(interpose::define_code(writer.definitions, code, kNumber, 3000));
  EXPECT_TRUE(interpose::define_site(writer.definitions, kSite, kNumber, 0));
  return kSite;
}

TEST(Marks, AreReadInTheirPlaceAndAreNoEvents) {
  in_own_process([] {
    ASSERT_EQ(interpose::start_recording({}), 0);
    record_malloc(1);
    interpose::Writer& writer = *interpose::this_writer();
    const SiteId site = define_function(writer);
    for (const EventKind kind : {EventKind::Entered, EventKind::Left}) {
      ASSERT_NE(interpose::make_room(writer, 1), nullptr);
      interpose::commit(writer, probe_head(kind, site), 1);
      record_malloc(2);
    }
    const Read read = read_all();
    ASSERT_EQ(read.events.size(), 5U);
    const EventKind expected[] = {EventKind::Call, EventKind::Entered, EventKind::Call,
                                  EventKind::Left, EventKind::Call};
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(read.events[i].kind, expected[i]) << i;
      if (expected[i] != EventKind::Call) {
        EXPECT_EQ(read.events[i].site, site);
      }
    }
    EXPECT_EQ(read.recorded, 3U);
    EXPECT_EQ(read.damaged, 0U);
  });
}

TEST(Pause, LeavesOutWhatHappensMeanwhile) {
  in_own_process([] {
    EXPECT_FALSE(interpose::set_paused(false));  // never started
    ASSERT_EQ(interpose::start_recording({}), 0);
    EXPECT_TRUE(interpose::set_paused(true));
    record_malloc(1);
    EXPECT_TRUE(interpose::set_paused(false));
    record_malloc(2);
    EXPECT_TRUE(interpose::set_paused(true));
    EXPECT_TRUE(interpose::set_paused(true));
    record_malloc(3);
    EXPECT_TRUE(interpose::end_recording());
    EXPECT_FALSE(interpose::set_paused(false));
    const Read read = read_all();
    ASSERT_EQ(read.events.size(), 1U);
    EXPECT_EQ(read.events[0].arguments[0], 2U);
    EXPECT_EQ(read.lost, 0U);
  });
}

TEST(ProbeArena, OwnsWhatItHandsOut) {
  namespace arena = interpose::probe_arena;
  EXPECT_FALSE(arena::owns(address(0x1000)));
  EXPECT_EQ(arena::allocate(8), nullptr);  // not made yet
  ASSERT_TRUE(arena::create());
  int outside = 0;
  EXPECT_FALSE(arena::owns(&outside));
  EXPECT_FALSE(arena::owns(nullptr));
  for (const std::size_t bytes : {0UL, 1UL, 16UL, 17UL, 4096UL, 1UL << 20}) {
    void* const block = arena::allocate(bytes);
    ASSERT_NE(block, nullptr);
    EXPECT_TRUE(arena::owns(block));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0U);
    EXPECT_GE(arena::usable_size(block), bytes);
    std::memset(block, 0xff, bytes);
    arena::release(block);
    EXPECT_EQ(arena::allocate(bytes), block);
  }
  EXPECT_EQ(arena::allocate(std::size_t{1} << 40), nullptr);
}

TEST(ProbeArena, ServesThreadsAtOnce) {
  namespace arena = interpose::probe_arena;
  ASSERT_TRUE(arena::create());
  constexpr int kThreads = 4;
  std::vector<std::vector<void*>> blocks(kThreads);
  std::vector<std::thread> threads;
  for (std::vector<void*>& mine : blocks) {
    threads.emplace_back([&mine] {
      for (int i = 0; i < 20000; ++i) {
        mine.push_back(arena::allocate(100));
        if (i % 3 != 0) continue;
        arena::release(mine.back());
        mine.pop_back();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<void*> all;
  std::size_t count = 0;
  for (const std::vector<void*>& mine : blocks) {
    all.insert(mine.begin(), mine.end());
    count += mine.size();
  }
  EXPECT_EQ(all.size(), count);
  EXPECT_FALSE(all.contains(nullptr));
}

}  // namespace
}  // namespace pymemflow
