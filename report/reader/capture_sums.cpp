#include "report/reader/capture_sums.h"

#include <cstring>

#include "capture/buckets.h"
#include "capture/sums.h"

namespace pymemflow::report {
namespace {

// Returns the slot of the last fold that was completed; null if none was.
const SumCell::Slot* find_slot(const SumCell& cell, std::uint64_t folded) {
  const SumCell::Slot* found = nullptr;
  for (const SumCell::Slot& slot : cell.slots) {
    if (slot.number == 0 || slot.number > folded) continue;
    if (found == nullptr || slot.number > found->number) found = &slot;
  }
  return found;
}

// Returns false if the cell is damaged.
bool read_cell(const SumCell& cell, std::uint64_t folded, Vector<EventSum>& sums) {
  const std::size_t function = sum_function(cell.key);
  const int bucket = sum_bucket(cell.key);
  if (function >= kFunctionCount || bucket >= kBucketCount) return false;
  const SumCell::Slot* const slot = find_slot(cell, folded);
  if (slot == nullptr) return true;
  sums.push_back(
      {static_cast<Function>(function), sum_site(cell.key), bucket, slot->count, slot->bytes});
  return true;
}

}  // namespace

std::uint64_t read_sums(const CaptureFiles& files, const CaptureIndex& index,
                        Vector<EventSum>& sums) {
  std::uint64_t damaged = 0;
  Vector<Word> words;
  for (const IndexedBlock& block : index.others(BlockKind::Sums)) {
    std::uint64_t folded = 0;
    if (!index.find_folded(block.head.writer, folded) ||
        read_block(files, block, words) != BlockRead::Whole) {
      ++damaged;
      continue;
    }
    constexpr std::size_t kCellWords = sizeof(SumCell) / sizeof(Word);
    for (std::size_t i = 0; i + kCellWords <= words.size() && words[i] != 0; i += kCellWords) {
      SumCell cell;
      std::memcpy(&cell, &words[i], sizeof cell);
      if (!read_cell(cell, folded, sums)) ++damaged;
    }
  }
  return damaged;
}

}  // namespace pymemflow::report
