// Tests the replay of several captures at the same time, which the thread sanitizer watches.

#include "cli/captures/captures.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/recorded.h"

namespace pymemflow::cli {
namespace {

constexpr std::uint64_t kBlocks = 30'000;

void record_blocks() {
  for (std::uint64_t i = 0; i < kBlocks; ++i) {
    interpose::record_malloc(1 + i % 100, block(0x4000 + i * 64), caller(1 + i % 30));
    if (i % 3 == 0) interpose::record_free(block(0x4000 + i / 2 * 64), caller(5));
  }
  interpose::end_recording(EndKind::Exit);
}

TEST(Captures, AreReplayedAtTheSameTimeInTheirOrder) {
  in_own_process([] {
    record_blocks();
    const int file = interpose::recording.destination.file.descriptor();
    const std::string capture = "/dev/fd/" + std::to_string(file);
    const std::vector<CaptureUse> uses =
        read_uses({capture, "/no/such/file", capture, capture, "/dev/null", capture, capture});
    ASSERT_EQ(uses.size(), 7U);
    EXPECT_EQ(uses[1].path, "/no/such/file");
    EXPECT_NE(uses[1].problem, "");
    EXPECT_NE(uses[4].problem, "");
    for (const std::size_t i : {0, 2, 3, 5, 6}) {
      EXPECT_EQ(uses[i].problem, "");
      EXPECT_EQ(uses[i].path, capture);
      EXPECT_EQ(uses[i].profile.events, kBlocks + kBlocks / 3);
      EXPECT_EQ(uses[i].profile.total.allocated.blocks, kBlocks);
      EXPECT_EQ(uses[i].profile.total.live.blocks, uses[0].profile.total.live.blocks);
      EXPECT_EQ(uses[i].profile.total.live.bytes, uses[0].profile.total.live.bytes);
      EXPECT_EQ(uses[i].profile.sites.size(), uses[0].profile.sites.size());
    }
  });
}

TEST(Captures, OfNoPathsAreNone) {
  EXPECT_TRUE(read_uses({}).empty());
}

}  // namespace
}  // namespace pymemflow::cli
