#include "report/reader/open_windows.h"

#include <algorithm>
#include <utility>

namespace pymemflow::report {

bool OpenWindows::take(const CaptureFiles& files, const CaptureIndex& index) {
  bool has_all = true;
  for (const IndexedBlock& block : index.others(BlockKind::Events)) {
    if (!block.is_window() || copies_.count(block.head.writer) != 0) continue;
    Copy copy = {block.head.number, block.head.stamp, {}};
    if (read_block(files, block, copy.words) == BlockRead::Whole) {
      copies_[block.head.writer] = std::move(copy);
    } else {
      has_all = false;
    }
  }
  return has_all;
}

const Vector<Word>* OpenWindows::find(const IndexedBlock& block) const {
  if (!block.is_window()) return nullptr;
  const auto found = copies_.find(block.head.writer);
  const bool is_copied = found != copies_.end() && found->second.number == block.head.number;
  return is_copied ? &found->second.words : nullptr;
}

std::uint64_t OpenWindows::latest_stamp() const {
  std::uint64_t latest = 0;
  for (const auto& [writer, copy] : copies_) {
    latest = std::max(latest, latest_stamp_of(copy.stamp, copy.words));
  }
  return latest;
}

std::uint64_t latest_stamp_of(std::uint64_t stamp, std::span<const Word> records) {
  while (!records.empty()) {
    const std::size_t size = record_words(records[0]);
    if (size == 0 || size > records.size()) break;
    if (kind_of(records[0]) == RecordKind::Turn) stamp = std::max(stamp, stamp_of(records[0]));
    if (records[0] == kMoveEndHead) stamp = std::max(stamp, records[1]);
    records = records.subspan(size);
  }
  return stamp;
}

}  // namespace pymemflow::report
