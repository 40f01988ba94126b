#pragma once
// What is kept of events where no event is kept (RecordMode::Sums): how many there were and how
// many bytes they asked for, by site, function and power of two; from that every distribution can
// be printed. A writer folds its full windows into a table of its own, in blocks of the file.
//
// Nothing is counted twice or left out, whenever the process is killed: a cell has two slots, and a
// fold writes the older one, under the number of the window. Slots of that number begin to count
// when the window's state becomes Emptied, all at once.
//
// Belongs to its writer's thread, and begins as zeros.

#include <cstddef>
#include <cstdint>
#include <span>

#include "interpose/block.h"
#include "interpose/event.h"

namespace pymemflow::interpose {

struct SumCell {
  struct Slot {
    std::uint64_t number;  // of the last window that was folded into it; 0: none
    std::uint64_t count;
    std::uint64_t bytes;  // wraps, as the distributions' sums do
  };
  Word key;  // written last; 0: here the cells end
  Word unused;
  Slot slots[2];
};
static_assert(sizeof(SumCell) == 64);

inline constexpr std::size_t kSumCells = kBlockWords * sizeof(Word) / sizeof(SumCell);

// Of a cell. A Release has no bytes, and is counted by function alone: site kNoSite.
constexpr Word sum_key(SiteId site, Function function, int bucket) {
  return static_cast<Word>(site) << 32 | (static_cast<Word>(function) + 1) << 8 |
         static_cast<Word>(bucket);
}
constexpr SiteId sum_site(Word key) {
  return static_cast<SiteId>(key >> 32);
}
constexpr std::size_t sum_function(Word key) {
  return (key >> 8 & 0xffffff) - 1;
}
constexpr int sum_bucket(Word key) {
  return static_cast<int>(key & 0xff);
}

class SumTable {
 public:
  // False: the file cannot grow. Then the window stays as it is, and counts.
  bool fold(std::uint32_t writer, std::uint64_t number, std::span<const Word> records);

  // The blocks of the table, as complete; and back, when the recording goes on.
  void close();
  void reopen();
  std::uint64_t blocks() const { return block_count_; }

 private:
  bool add(std::uint32_t writer, std::uint64_t number, const Event& event);
  SumCell* find(Word key);
  SumCell* make(std::uint32_t writer, Word key);
  bool make_block(std::uint32_t writer);
  bool grow_index();

  // By key, in memory of this process alone; the cells are in the file.
  SumCell** index_;
  std::size_t index_slots_;
  std::size_t cells_;
  BlockHead** blocks_;  // in the file; the latest is the one that has room
  std::size_t block_count_;
  std::size_t cells_in_block_;
};

}  // namespace pymemflow::interpose
