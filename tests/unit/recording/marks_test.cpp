// Marks: their order in the record, and the marks that are compared.

#include <string>
#include <thread>

#include "report/replay/profile.h"
#include "tests/unit/recorded.h"

namespace pymemflow {
namespace {

using interpose::CaptureSettings;
using interpose::recording;
using report::CaptureReader;
using report::Profile;

// Returns the events in their order as texts: "malloc 8", "free", "mark x".
std::vector<std::string> story() {
  CaptureReader reader(recording.destination.file.descriptor());
  EXPECT_EQ(reader.poll(), report::CaptureError::None);
  std::vector<std::string> lines;
  Event event;
  const report::Site* site = nullptr;
  while (reader.next(event, site)) {
    if (event.kind == EventKind::Mark) {
      EXPECT_EQ(site, nullptr);
      lines.push_back("mark " + std::string(event.name));
    } else if (event.kind == EventKind::Memory) {
      EXPECT_EQ(site, nullptr);
      EXPECT_GT(event.arguments[0], 0U);
    } else if (event.function == Function::malloc) {
      lines.push_back("malloc " + std::to_string(event.arguments[0]));
    } else {
      lines.emplace_back("free");
    }
  }
  EXPECT_EQ(reader.damaged(), 0U);
  return lines;
}

Profile profile() {
  CaptureReader reader(recording.destination.file.descriptor());
  EXPECT_EQ(reader.poll(), report::CaptureError::None);
  report::Symbols symbols(reader.names().modules(), report::Symbols::Where::kOffline);
  report::ProfileBuilder builder(reader.process_info(), reader.names(), symbols);
  Event event;
  const report::Site* site = nullptr;
  while (reader.next(event, site)) deliver(event, site, builder);
  return builder.finish();
}

void allocate(std::uintptr_t number, std::size_t bytes, std::uintptr_t from = 0x1000) {
  interpose::record_malloc(bytes, block(0x10000 * number), caller_in_function(from / 0x1000));
}
void release(std::uintptr_t number) {
  interpose::record_free(block(0x10000 * number), caller(0x1000));
}
void mark(const char* name) {
  EXPECT_TRUE(interpose::record_named_mark(name));
}

TEST(Marks, StandWhereTheyWereSet) {
  in_own_process([] {
    mark("before all");
    allocate(1, 8);
    mark("a");
    std::thread([] {
      allocate(2, 9);
      mark(std::string(kMaxMarkName, 'x').c_str());
    }).join();
    release(1);
    mark("a");
    ASSERT_TRUE(interpose::end_recording());
    EXPECT_EQ(story(),
              (std::vector<std::string>{"mark before all", "malloc 8", "mark a", "malloc 9",
                                        "mark " + std::string(255, 'x'), "free", "mark a"}));
  });
}

TEST(Marks, AreRecordedWhilePaused) {
  in_own_process([] {
    ASSERT_TRUE(interpose::set_paused(true));
    allocate(1, 8);
    mark("paused");
    ASSERT_TRUE(interpose::set_paused(false));
    allocate(2, 9);
    ASSERT_TRUE(interpose::end_recording());
    EXPECT_FALSE(interpose::record_named_mark("late"));
    EXPECT_EQ(story(), (std::vector<std::string>{"mark paused", "malloc 9"}));
  });
}

// Marks do not change the counts of a ring or of sums.
TEST(Marks, LeaveOtherKindsOfRecordsWhole) {
  for (const RecordMode mode : {RecordMode::Ring, RecordMode::Sums}) {
    const CaptureSettings settings = {.mode = mode, .ring_bytes = 1 << 16};
    in_own_process(
        [] {
          for (std::uintptr_t i = 0; i < 50'000; ++i) {
            allocate(1 + i, i, 0x1000 + i % 7);
            if (i % 100 == 0) mark("here");
          }
          ASSERT_TRUE(interpose::end_recording());
          CaptureReader reader(recording.destination.file.descriptor());
          EXPECT_EQ(reader.poll(), report::CaptureError::None);
          Event event;
          const report::Site* site = nullptr;
          while (reader.next(event, site)) {
          }
          EXPECT_EQ(reader.damaged(), 0U);
          EXPECT_EQ(reader.recorded() + reader.overwritten(), 50'000U);
        },
        settings);
  }
}

TEST(Marks, GrowSinceTheLatestOfTheirName) {
  in_own_process([] {
    allocate(1, 100);
    mark("loop");
    allocate(2, 10, 0x2000);
    mark("other");
    allocate(3, 20, 0x3000);
    allocate(4, 30, 0x3000);
    release(1);
    mark("loop");
    ASSERT_TRUE(interpose::end_recording());
    const Profile use = profile();
    ASSERT_EQ(use.snapshots.size(), 3U);
    EXPECT_TRUE(use.snapshots[0].growth.since.empty());
    EXPECT_EQ(use.snapshots[0].live.bytes, 100U);
    EXPECT_EQ(use.snapshots[0].event, 1U);
    // The first mark of a name grows since the mark before it.
    EXPECT_EQ(use.snapshots[1].growth.since, "loop");
    EXPECT_EQ(use.snapshots[1].growth.counted.bytes, 10);
    const report::Growth& growth = use.snapshots[2].growth;
    EXPECT_EQ(growth.since, "loop");
    EXPECT_EQ(growth.since_event, 1U);
    EXPECT_EQ(growth.counted.bytes, 10 + 20 + 30 - 100);
    EXPECT_EQ(growth.counted.blocks, 2);
    EXPECT_EQ(growth.peak_bytes, 160U);
    const auto& sites = use.snapshots[2].sites;
    ASSERT_EQ(sites.size(), 3U);
    EXPECT_EQ(sites[0].change.bytes, 50);
    EXPECT_EQ(sites[0].change.blocks, 2);
    EXPECT_EQ(sites[1].change.bytes, 10);
    EXPECT_EQ(sites[2].change.bytes, -100);
  });
}

TEST(Marks, EndIsHeldAgainstItsBegin) {
  in_own_process([] {
    mark("first");
    allocate(1, 100);
    mark("load begin");
    allocate(2, 10);
    mark("load end");
    allocate(3, 1000);
    mark("load begin");
    mark("load end");
    mark("alone end");
    ASSERT_TRUE(interpose::end_recording());
    const Profile use = profile();
    ASSERT_EQ(use.snapshots.size(), 6U);
    EXPECT_TRUE(use.snapshots[1].growth.since.empty());
    EXPECT_EQ(use.snapshots[2].growth.since, "load begin");
    EXPECT_EQ(use.snapshots[2].growth.counted.bytes, 10);
    EXPECT_TRUE(use.snapshots[3].growth.since.empty());
    EXPECT_EQ(use.snapshots[4].growth.since, "load begin");
    EXPECT_FALSE(use.snapshots[4].growth.counted);
    EXPECT_TRUE(use.snapshots[5].growth.since.empty());
  });
}

TEST(Marks, AThousandNames) {
  in_own_process([] {
    for (std::uintptr_t i = 0; i < 1000; ++i) {
      allocate(1 + i, 1);
      mark(("request " + std::to_string(i)).c_str());
    }
    mark("request 999");
    mark("request 0");
    ASSERT_TRUE(interpose::end_recording());
    const Profile use = profile();
    ASSERT_EQ(use.snapshots.size(), 1002U);
    for (std::size_t i = 1; i < 1000; ++i) EXPECT_EQ(use.snapshots[i].growth.counted.bytes, 1) << i;
    EXPECT_EQ(use.snapshots[1000].growth.since, "request 999");
    // The earlier mark of this name is forgotten by now.
    EXPECT_EQ(use.snapshots[1001].growth.since, "request 999");
  });
}

// Sets the control word in the file, as another process does.
TEST(Control, WordInTheFileStopsAndStarts) {
  in_own_process([] {
    const auto set = [](std::uint32_t paused) {
      ASSERT_EQ(
          ::pwrite(recording.destination.file.descriptor(), &paused, sizeof paused, kControlOffset),
          ssize_t{sizeof paused});
    };
    allocate(1, 1);
    set(1);
    EXPECT_TRUE(interpose::is_paused());
    allocate(2, 2);
    set(0);
    allocate(3, 3);
    ASSERT_TRUE(interpose::end_recording());
    EXPECT_EQ(story(), (std::vector<std::string>{"malloc 1", "malloc 3"}));
  });
}

// A forked child follows its parent's control word until it records; then it has its own.
TEST(Control, OfAForkedChildIsItsOwn) {
  in_own_process([] {
    allocate(1, 1);
    ASSERT_TRUE(interpose::set_paused(true));
    const pid_t child = ::fork();
    if (child == 0) {
      allocate(2, 2);
      bool was_paused = interpose::is_paused();
      mark("in the child");
      allocate(2, 2);
      was_paused = was_paused && interpose::is_paused();
      const bool is_started = interpose::require_own_recording() && interpose::set_paused(false);
      allocate(3, 3);
      interpose::end_recording();
      const bool is_right = story() == std::vector<std::string>{"mark in the child", "malloc 3"};
      ::_exit(was_paused && is_started && is_right ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(interpose::is_paused());
    ASSERT_TRUE(interpose::end_recording());
    EXPECT_EQ(story(), (std::vector<std::string>{"malloc 1"}));
  });
}

}  // namespace
}  // namespace pymemflow
