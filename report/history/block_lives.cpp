#include "report/history/block_lives.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace pymemflow::report {
namespace {

auto key_of(const BlockLives& lives) {
  return std::tie(lives.origin, lives.thread, lives.born, lives.died);
}

void add(BlocksByWidth& to, const BlocksByWidth& other) {
  for (std::size_t width = 0; width < to.size(); ++width) to[width] += other[width];
}

std::uint64_t hash(std::uint64_t key) {
  key *= 0x9e3779b97f4a7c15;
  return key ^ key >> 32;
}

}  // namespace

void join(Vector<BlockLives>& lives) {
  std::sort(lives.begin(), lives.end(),
            [](const BlockLives& a, const BlockLives& b) { return key_of(a) < key_of(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < lives.size(); ++i) {
    if (kept != 0 && key_of(lives[kept - 1]) == key_of(lives[i])) {
      lives[kept - 1].blocks += lives[i].blocks;
      lives[kept - 1].bytes += lives[i].bytes;
    } else {
      lives[kept++] = lives[i];
    }
  }
  lives.resize(kept);
}

void SlicedLives::halve() {
  width_ns *= 2;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    if (i % 2 == 0) {
      slices[i / 2] = slices[i];
    } else {
      add(slices[i / 2].sizes, slices[i].sizes);
      add(slices[i / 2].lives, slices[i].lives);
    }
  }
  slices.resize((slices.size() + 1) / 2);
  for (BlockLives& each : lives) {
    if (each.born < kExempt) each.born /= 2;
    if (each.died < kExempt) each.died /= 2;
  }
  join(lives);
}

BlockLivesBuilder::BlockLivesBuilder() : table_(std::size_t{1} << 10) {
  result_.width_ns = kFirstWidth;
  result_.slices.resize(1);
  next_ns_ = kFirstWidth;
}

void BlockLivesBuilder::begin_range(std::uint64_t after_ns, std::uint64_t calls) {
  result_.start_ns = after_ns;
  result_.width_ns = kFirstWidth;
  result_.lives.clear();
  result_.slices.assign(1, TimeSlice{.calls = calls});
  next_ns_ = after_ns + kFirstWidth;
  range_calls_ = calls;
  std::fill(table_.begin(), table_.end(), Slot{});
  used_ = 0;
}

void BlockLivesBuilder::advance(std::uint64_t after_ns, std::uint64_t calls) {
  close(static_cast<std::uint16_t>(result_.slices.size() - 1));
  const auto number = [&] { return (after_ns - result_.start_ns) / result_.width_ns; };
  while (number() >= kMostSlices) result_.halve();
  while (result_.slices.size() <= number()) result_.slices.push_back({.calls = calls});
  while (result_.lives.size() > most_lives_ && result_.slices.size() > 1) result_.halve();
  most_lives_ = std::max(most_lives_, 2 * result_.lives.size());
  next_ns_ = result_.start_ns + result_.slices.size() * result_.width_ns;
}

// The slice of the call that allocated a block: the last one that begins before it.
std::uint16_t BlockLivesBuilder::slice_of(std::uint64_t event) const {
  const Vector<TimeSlice>& slices = result_.slices;
  if (event <= range_calls_) return kBornBefore;
  if (event > slices.back().calls) return static_cast<std::uint16_t>(slices.size() - 1);
  const auto after =
      std::lower_bound(slices.begin(), slices.end(), event,
                       [](const TimeSlice& slice, std::uint64_t n) { return slice.calls < n; });
  return static_cast<std::uint16_t>(after - slices.begin() - 1);
}

std::uint16_t BlockLivesBuilder::index_of(std::uint32_t thread) {
  if (thread == latest_thread_ && !result_.threads.empty()) return latest_index_;
  const auto next = static_cast<std::uint16_t>(std::min(threads_.size(), kMostThreads));
  const auto [found, is_new] = threads_.try_emplace(thread, next);
  if (is_new && next == result_.threads.size()) {
    result_.threads.push_back(next == kMostThreads ? kOtherThreads : thread);
  }
  latest_thread_ = thread;
  latest_index_ = found->second;
  return latest_index_;
}

void BlockLivesBuilder::add(OriginId origin, std::uint32_t thread, std::uint32_t born,
                            std::uint64_t bytes) {
  const std::uint64_t key =
      std::uint64_t{origin} << 32 | std::uint64_t{index_of(thread)} << 16 | std::uint64_t{born};
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash(key) & mask;
  while (table_[at].key != 0 && table_[at].key != key) at = (at + 1) & mask;
  Slot& slot = table_[at];
  if (slot.key == 0) {
    slot.key = key;
    ++used_;
  }
  ++slot.blocks;
  slot.bytes += bytes;
  if (2 * used_ > table_.size()) grow();
}

void BlockLivesBuilder::grow() {
  Vector<Slot> old(2 * table_.size());
  old.swap(table_);
  const std::size_t mask = table_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.key == 0) continue;
    std::size_t at = hash(slot.key) & mask;
    while (table_[at].key != 0) at = (at + 1) & mask;
    table_[at] = slot;
  }
}

void BlockLivesBuilder::close(std::uint16_t died) {
  if (used_ == 0) return;
  for (Slot& slot : table_) {
    if (slot.key == 0) continue;
    const auto fate = died == kLeaked && (slot.key & kIsExempt) != 0 ? kExempt : died;
    result_.lives.push_back(
        {.origin = static_cast<OriginId>(slot.key >> 32),
         .thread = static_cast<std::uint16_t>(slot.key >> 16),
         .born = static_cast<std::uint16_t>(slot.key & ~std::uint64_t{kIsExempt}),
         .died = fate,
         .blocks = slot.blocks,
         .bytes = slot.bytes});
    slot = {};
  }
  // A slice that released much leaves a large table to the next ones.
  if (table_.size() > 64 * used_ && table_.size() > 1024) table_.resize(table_.size() / 2);
  used_ = 0;
}

SlicedLives BlockLivesBuilder::finish() {
  close(kLeaked);
  join(result_.lives);
  return std::move(result_);
}

}  // namespace pymemflow::report
