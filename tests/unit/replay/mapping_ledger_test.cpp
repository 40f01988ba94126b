// Tests the ledger of mappings beside a model that has one entry per page.

#include "report/mappings/mapping_ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <tuple>
#include <vector>

namespace pymemflow::report {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kBase = 0x7f00'0000'0000;
constexpr int kPages = 200;

using RowKey = std::tuple<MappingOwner::Kind, std::uint32_t, MappedFor, std::uint32_t>;

RowKey key_of(const MappingSource& source, MappedFor use) {
  return {source.owner.kind, source.owner.module, use, source.name};
}

std::uint64_t address_of(int page) {
  return kBase + static_cast<std::uint64_t>(page) * kPage;
}

// One page.
struct Page {
  bool is_mapped = false;
  RowKey row;
  OriginId origin = 0;
};

struct Range {
  int first = 0;
  int count = 0;

  std::uint64_t address() const { return address_of(first); }
  std::uint64_t bytes() const { return static_cast<std::uint64_t>(count) * kPage; }
};

class Model {
 public:
  void map(const Range& range, const MappingSource& source, MappedFor use) {
    for (int i = range.first; i < range.first + range.count; ++i) {
      pages_[i] = {true, key_of(source, use), source.origin};
    }
    ++calls_[key_of(source, use)];
  }
  std::vector<Page> release(const Range& range) {
    std::vector<Page> before(pages_.begin() + range.first,
                             pages_.begin() + range.first + range.count);
    for (int i = range.first; i < range.first + range.count; ++i) pages_[i] = {};
    return before;
  }
  void put_back(const Range& range, const std::vector<Page>& before) {
    std::copy(before.begin(), before.end(), pages_.begin() + range.first);
  }
  MappedFor use_of(const Range& range) const {
    for (int i = range.first; i < range.first + range.count; ++i) {
      if (pages_[i].is_mapped) return std::get<MappedFor>(pages_[i].row);
    }
    const Page& first = pages_[range.first];
    return first.is_mapped ? std::get<MappedFor>(first.row) : MappedFor::Memory;
  }

  // Takes what is mapped now into account.
  void count() {
    live_.clear();
    by_origin_.clear();
    std::array<std::uint64_t, kMappedFor> by_use{};
    std::uint64_t arenas = 0;
    for (const Page& page : pages_) {
      if (!page.is_mapped) continue;
      live_[page.row] += kPage;
      by_origin_[{page.row, page.origin}] += kPage;
      by_use[static_cast<std::size_t>(std::get<MappedFor>(page.row))] += kPage;
      if (std::get<MappingOwner::Kind>(page.row) == MappingOwner::Kind::Arenas) arenas += kPage;
    }
    for (const auto& [row, bytes] : live_) peak_[row] = std::max(peak_[row], bytes);
    for (std::size_t use = 0; use < kMappedFor; ++use) {
      use_peak_[use] = std::max(use_peak_[use], by_use[use]);
    }
    arena_peak_ = std::max(arena_peak_, arenas);
    by_use_ = by_use;
    arenas_ = arenas;
  }

  void compare(MappingLedger& ledger) {
    ledger.find_origins();
    ASSERT_EQ(ledger.rows().size(), calls_.size());
    for (const MappingLedger::Row& row : ledger.rows()) {
      const RowKey key = {row.owner.kind, row.owner.module, row.use, row.name};
      ASSERT_EQ(row.totals.live, live_[key]);
      ASSERT_EQ(row.totals.peak, peak_[key]);
      ASSERT_EQ(row.totals.calls, calls_[key]);
      std::uint64_t most = 0;
      for (const auto& [each, bytes] : by_origin_) {
        if (each.first == key) most = std::max(most, bytes);
      }
      if (most == 0) continue;
      ASSERT_EQ((by_origin_[{key, row.origin}]), most);
    }
    for (std::size_t use = 0; use < kMappedFor; ++use) {
      ASSERT_EQ(ledger.totals()[use].live, by_use_[use]);
      ASSERT_EQ(ledger.totals()[use].peak, use_peak_[use]);
    }
    ASSERT_EQ(ledger.arenas().live, arenas_);
    ASSERT_EQ(ledger.arenas().peak, arena_peak_);
  }

 private:
  std::array<Page, kPages> pages_;
  std::map<RowKey, std::uint64_t> live_, peak_, calls_;
  std::map<std::pair<RowKey, OriginId>, std::uint64_t> by_origin_;
  std::array<std::uint64_t, kMappedFor> by_use_{}, use_peak_{};
  std::uint64_t arenas_ = 0, arena_peak_ = 0;
};

constexpr std::uint16_t kTraits[kMappedFor] = {0, kMapsStack, kMapsFile, kMapsInaccessible};

Event mapped(const Range& range, MappedFor use) {
  const auto number = static_cast<std::size_t>(use);
  return {.kind = EventKind::Mapping,
          .arguments = {0, 0, range.bytes()},
          .result = range.address(),
          .mapping = {.step = MappingStep::Mapped, .traits = kTraits[number]}};
}
Event about(MappingStep step, const Range& range, std::uint32_t thread = 1) {
  return {.kind = EventKind::Mapping,
          .thread = thread,
          .arguments = {range.address(), range.bytes()},
          .mapping = {.step = step}};
}
Event moved(MappingStep step, const Range& from, const Range& to) {
  Event event = about(step, from);
  event.arguments[2] = to.bytes();
  event.result = to.address();
  return event;
}

class Checked {
 public:
  explicit Checked(unsigned seed) : random_(seed) {}

  void step() {
    const Range range = some_range();
    switch (pick(8)) {
      case 0:
      case 1:
      case 2: {
        const auto use = static_cast<MappedFor>(pick(kMappedFor));
        map(range, use);
        break;
      }
      case 3:
      case 4:
        ledger_.on_event(about(MappingStep::Releasing, range), {});
        model_.release(range);
        break;
      case 5:
        fail(range);
        break;
      case 6:
        move(range, some_range());
        break;
      default: {
        Range grown = range;  // or shrinks
        grown.count = 1 + pick(kPages - range.first);
        move(range, grown);
      }
    }
    model_.count();
    model_.compare(ledger_);
  }

 private:
  int pick(std::size_t below) {
    return static_cast<int>(std::uniform_int_distribution<std::size_t>(0, below - 1)(random_));
  }
  Range some_range() {
    const int first = pick(kPages - 1);
    return {first, 1 + pick(std::min(40, kPages - first))};
  }
  MappingSource some_source() {
    MappingSource source;
    source.owner.kind = pick(4) == 0 ? MappingOwner::Kind::Arenas : MappingOwner::Kind::Library;
    if (source.owner.kind == MappingOwner::Kind::Library) source.owner.module = 1 + pick(3);
    source.origin = 1 + pick(6);
    source.name = source.origin / 2;  // several origins have one name
    return source;
  }
  void map(const Range& range, MappedFor use) {
    const MappingSource source = some_source();
    ledger_.on_event(mapped(range, use), source);
    model_.map(range, source, use);
  }
  // Another thread maps elsewhere meanwhile.
  void fail(const Range& range) {
    ledger_.on_event(about(MappingStep::Releasing, range, 2), {});
    const std::vector<Page> before = model_.release(range);
    model_.count();
    if (range.first > 1) map({0, range.first - 1}, MappedFor::Files);
    ledger_.on_event(about(MappingStep::Releasing, {kPages - 1, 0}), {});
    model_.count();
    ledger_.on_event(about(MappingStep::Failed, range, 2), {});
    model_.put_back(range, before);
  }
  void move(const Range& from, const Range& to) {
    const MappedFor use = model_.use_of(from);
    const MappingSource source = some_source();
    const bool is_copied = pick(3) == 0;
    ledger_.on_event(about(MappingStep::Releasing, from), {});
    const std::vector<Page> before = model_.release(from);
    if (is_copied) model_.put_back(from, before);
    ledger_.on_event(moved(is_copied ? MappingStep::Copied : MappingStep::Moved, from, to), source);
    model_.map(to, source, use);
  }

  std::mt19937 random_;
  MappingLedger ledger_;
  Model model_;
};

TEST(MappingLedger, IsThatOfAPageTable) {
  const unsigned first = std::random_device()();
  for (unsigned seed = first; seed != first + 40; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Checked checked(seed);
    for (int i = 0; i < 400; ++i) {
      checked.step();
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(MappingLedger, ReleasesSeveralAtOnceAndPartsOfThem) {
  MappingLedger ledger;
  const MappingSource source = {.owner = {}, .origin = 1, .name = 1};
  for (int page = 0; page < 50; page += 5) {
    ledger.on_event(mapped({page, 4}, MappedFor::Memory), source);
  }
  EXPECT_EQ(ledger.totals()[0].live, 40 * kPage);
  // Ends in the middle of the first and of the last one.
  ledger.on_event(about(MappingStep::Releasing, {2, 46}), {});
  EXPECT_EQ(ledger.totals()[0].live, 3 * kPage);
  EXPECT_EQ(ledger.ranges(), 2U);
  EXPECT_EQ(ledger.unknown_releases(), 0U);
  // A hole in the middle.
  ledger.on_event(mapped({100, 10}, MappedFor::Memory), source);
  ledger.on_event(about(MappingStep::Releasing, {103, 3}), {});
  EXPECT_EQ(ledger.ranges(), 4U);
  EXPECT_EQ(ledger.totals()[0].live, 10 * kPage);
  ledger.on_event(about(MappingStep::Releasing, {150, 3}), {});
  EXPECT_EQ(ledger.unknown_releases(), 1U);
}

// PROT_NONE first, and parts of it as memory later.
TEST(MappingLedger, AReservationIsUsedPieceByPiece) {
  MappingLedger ledger;
  const MappingSource source = {.owner = {}, .origin = 1, .name = 1};
  const Range all = {0, 100};
  ledger.on_event(mapped(all, MappedFor::Reserved), source);
  ledger.on_event(mapped({10, 5}, MappedFor::Memory), source);
  const auto live = [&](MappedFor use) {
    return ledger.totals()[static_cast<std::size_t>(use)].live;
  };
  EXPECT_EQ(live(MappedFor::Reserved), 95 * kPage);
  EXPECT_EQ(live(MappedFor::Memory), 5 * kPage);
  ledger.on_event(about(MappingStep::Releasing, all), {});
  EXPECT_EQ(live(MappedFor::Reserved) + live(MappedFor::Memory), 0U);
  EXPECT_EQ(ledger.ranges(), 0U);
}

TEST(MappingLedger, ImpossibleRangesChangeNothing) {
  MappingLedger ledger;
  const MappingSource source = {.owner = {}, .origin = 1, .name = 1};
  Event huge = mapped({0, 1}, MappedFor::Memory);
  huge.arguments[2] = ~std::uint64_t{0};
  ledger.on_event(huge, source);
  EXPECT_EQ(ledger.ranges(), 0U);
  ledger.on_event(mapped({0, 1}, MappedFor::Memory), source);
  Event release = about(MappingStep::Releasing, {0, 1});
  release.arguments[1] = ~std::uint64_t{0};
  ledger.on_event(release, {});
  release.mapping.step = MappingStep::Failed;
  ledger.on_event(release, {});
  EXPECT_EQ(ledger.totals()[0].live, kPage);
  ledger.on_event(about(MappingStep::Failed, {50, 1}), {});  // nothing was about to be released
  ledger.on_event(moved(MappingStep::Moved, {60, 1}, {70, 2}), source);
  EXPECT_EQ(ledger.totals()[0].live, 3 * kPage);
}

}  // namespace
}  // namespace pymemflow::report
