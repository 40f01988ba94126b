// Tests a profile that is built from events, names and facts in memory, without a capture.

#include "report/replay/profile.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "report/base/json_text.h"

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kStart = 1'000'000;
constexpr SiteId kPython = 1;
constexpr SiteId kEngine = 2;

class Recorded {
 public:
  Recorded() {
    names_.set_limit(100);
    for (std::uint32_t text = 1; text <= 3; ++text) {
      const char* const texts[] = {"", "/srv/app/leak.py", "make", ""};
      names_.add_text(text, texts[text], 0, true);
    }
    names_.add_code(1, 1, 2, 3, 12, 0);
    EXPECT_TRUE(names_.add_site(kPython, 1, 0));
    EXPECT_TRUE(names_.add_caller(kEngine, 0x1234, 0));
  }

  void allocate(std::uint64_t address, std::uint64_t bytes, SiteId site, std::uint64_t at_ns = 0) {
    events_.push_back({.function = Function::malloc,
                       .site = site,
                       .thread = 1,
                       .arguments = {bytes},
                       .result = address,
                       .after_ns = kStart + at_ns});
  }
  // A small object of Python.
  void make(std::uint64_t address, std::uint64_t bytes, SiteId site) {
    allocate(address, bytes, site);
    events_.back().function = in_domain(Function::malloc, Domain::Obj);
  }
  void release(std::uint64_t address) {
    events_.push_back({.function = Function::free, .site = kPython, .arguments = {address}});
  }
  void mark(std::string_view name, std::uint64_t at_ns) {
    events_.push_back({.kind = EventKind::Mark, .after_ns = kStart + at_ns, .name = name});
  }

  // Builds the profile from batches of this size.
  Profile profile(std::size_t batch) const {
    Symbols symbols(names_.modules(), Symbols::Where::kOffline);
    ProfileBuilder builder({.id = 4711, .started_monotonic_ns = kStart}, names_, symbols);
    for (std::size_t first = 0; first < events_.size(); first += batch) {
      builder.on_events(std::span(events_).subspan(first, std::min(batch, events_.size() - first)));
    }
    return builder.finish();
  }

 private:
  NameTable names_;
  std::vector<Event> events_;
};

// Enough blocks for a large ledger, whose entries are fetched ahead. Nothing is ahead in batches of
// one.
TEST(Profile, IsTheSameWhetherTheLedgerIsFetchedAheadOrNot) {
  constexpr std::uint64_t kBlocks = 60'000;
  Recorded recorded;
  for (std::uint64_t i = 1; i <= kBlocks; ++i) {
    recorded.allocate(i * 48, 1 + i % 700, i % 3 == 0 ? kEngine : kPython, i);
    if (i % 2 == 0) recorded.release(i / 2 * 48);
    if (i % 1000 == 0) recorded.allocate(i * 24, 5, kPython, i);
    if (i % 20'000 == 0) recorded.mark("loop", i);
  }
  const Profile alone = recorded.profile(1);
  const Profile together = recorded.profile(1'000'000);
  EXPECT_EQ(alone.events, together.events);
  EXPECT_EQ(alone.total.live.bytes, together.total.live.bytes);
  EXPECT_EQ(alone.peak.event, together.peak.event);
  EXPECT_EQ(alone.peak_after_ns, together.peak_after_ns);
  EXPECT_EQ(alone.unknown_releases, together.unknown_releases);
  ASSERT_EQ(alone.sites.size(), together.sites.size());
  for (std::size_t i = 0; i < alone.sites.size(); ++i) {
    EXPECT_EQ(alone.sites[i].totals.live.bytes, together.sites[i].totals.live.bytes);
    EXPECT_EQ(alone.sites[i].totals.oldest_event, together.sites[i].totals.oldest_event);
    EXPECT_EQ(alone.sites[i].totals.temporary, together.sites[i].totals.temporary);
  }
  ASSERT_EQ(alone.snapshots.size(), 3U);
  ASSERT_EQ(together.snapshots.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(alone.snapshots[i].event, together.snapshots[i].event);
    EXPECT_EQ(alone.snapshots[i].live.bytes, together.snapshots[i].live.bytes);
    EXPECT_EQ(alone.snapshots[i].growth.counted.bytes, together.snapshots[i].growth.counted.bytes);
  }
}

TEST(Profile, IsBuiltFromMemoryInBatches) {
  Recorded recorded;
  recorded.allocate(0x1000, 100, kPython, 10);
  recorded.mark("loop", 20);
  recorded.allocate(0x2000, 30, kEngine, 30);
  recorded.allocate(0x3000, 7, kPython, 40);
  recorded.allocate(0x4000, 1, 99);  // a site without a name
  recorded.release(0x1000);
  recorded.mark("loop", 50);
  for (const std::size_t batch : {1, 3, 100}) {
    const Profile profile = recorded.profile(batch);
    EXPECT_EQ(profile.process.id, 4711U);
    EXPECT_EQ(profile.events, 4U);
    EXPECT_EQ(profile.total.live.bytes, 37U);
    EXPECT_EQ(profile.total.live.blocks, 2U);
    EXPECT_EQ(profile.total.allocated.bytes, 137U);
    EXPECT_EQ(profile.peak.live.bytes, 137U);
    EXPECT_EQ(profile.peak.event, 3U);
    EXPECT_EQ(profile.peak_after_ns, 40U);
    EXPECT_EQ(std::string(profile.peak_site), "leak.py:12 make");
    ASSERT_EQ(profile.sites.size(), 2U);
    EXPECT_EQ(std::string(profile.sites[0].site.caller), "(no file)");
    EXPECT_EQ(profile.sites[0].leaked().bytes, 30U);
    EXPECT_EQ(std::string(profile.sites[1].site.file), "/srv/app/leak.py");
    EXPECT_EQ(profile.sites[1].totals.live.bytes, 7U);
    ASSERT_EQ(profile.snapshots.size(), 2U);
    EXPECT_EQ(profile.snapshots[0].after_ns, 20U);
    EXPECT_EQ(profile.snapshots[0].live.bytes, 100U);
    EXPECT_EQ(profile.snapshots[1].growth.live.bytes, -63);
    ASSERT_EQ(profile.snapshots[1].sites.size(), 2U);
    EXPECT_EQ(profile.snapshots[1].sites[0].change.bytes, 30);
    EXPECT_EQ(profile.snapshots[1].sites[1].change.bytes, 7 - 100);
  }
}

TEST(Profile, KnowsWhichRoundsHaveLiveBlocks) {
  Recorded recorded;
  recorded.mark("loop", 1);
  for (std::uint64_t round = 0; round < 4; ++round) {
    recorded.make(0x1000 + round * 0x100, 48, kPython);  // one that stays
    recorded.allocate(0x10000, 100, kEngine);            // one that the next round replaces
    recorded.mark("loop", 2 + round);
    recorded.release(0x10000);
  }
  recorded.allocate(0x20000, 100, kEngine);  // after the last round
  recorded.release(0x1000);
  const Profile profile = recorded.profile(100);
  ASSERT_EQ(profile.rounds.size(), 1U);
  const Rounds& rounds = profile.rounds[0];
  EXPECT_EQ(rounds.count, 4U);
  EXPECT_TRUE(rounds.knows_kept);
  ASSERT_EQ(rounds.stacks.size(), 2U);
  for (const StackRounds& stack : rounds.stacks) {
    const bool is_object = stack.entries.front().size == 48;
    EXPECT_EQ(stack.entries.size(), is_object ? 4U : 1U);
    EXPECT_EQ(stack.entries.front().change.blocks, 1);
    EXPECT_EQ(stack.entries.front().size, is_object ? 48 : kNoObject);
    // As it was at the last mark: what is freed later, such as at the end, makes no difference.
    const Vector<std::uint32_t> expected =
        is_object ? Vector<std::uint32_t>{0, 1, 2, 3} : Vector<std::uint32_t>{3};
    EXPECT_EQ(stack.kept, expected);
  }
}

TEST(Profile, CannotBeToldFromWhatIsNotWhole) {
  EXPECT_TRUE(profile_problem(RecordMode::Full).empty());
  EXPECT_FALSE(profile_problem(RecordMode::Ring).empty());
  EXPECT_FALSE(profile_problem(RecordMode::Sums).empty());
}

TEST(JsonText, SeparatesAndQuotes) {
  String text;
  JsonText json(text);
  json.begin_object().field("a", std::uint64_t{1}).field("b", std::int64_t{-2}).field("c", true);
  json.key("d").begin_array().value("x").begin_object().end_object().end_array().end_object();
  EXPECT_EQ(std::string(text), R"({"a": 1, "b": -2, "c": true, "d": ["x", {}]})");
}

TEST(JsonText, IsUtf8WhateverItIsGiven) {
  const auto quoted = [](std::string_view value) {
    String text;
    append_json_string(text, value);
    return std::string(text);
  };
  EXPECT_EQ(quoted("a\"b\\c\n\x01"), R"("a\"b\\c\u000a\u0001")");
  EXPECT_EQ(quoted("\xc3\xbc\xf0\x9f\x90\x8d"), "\"\xc3\xbc\xf0\x9f\x90\x8d\"");
  // A surrogate, an overlong form, a single byte, and a truncated character.
  EXPECT_EQ(quoted("\xed\xb3\xbf"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(quoted("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(quoted("\xff|\xe3\x81"), "\"\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace pymemflow::report
