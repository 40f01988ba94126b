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

std::uint64_t OpenWindows::known_limit() const {
  std::uint64_t limit = 0;
  for (const auto& [writer, copy] : copies_) {
    limit = std::max(limit, report::known_limit(copy.stamp, copy.words));
  }
  return limit;
}

std::uint64_t OpenWindows::position() const {
  std::uint64_t position = 0;
  for (const auto& [writer, copy] : copies_) {
    position += copy.number * (kBlockWords + 1) + copy.words.size();
  }
  return position;
}

std::uint64_t known_limit(std::uint64_t stamp, std::span<const Word> records) {
  bool is_shared = !records.empty() && kind_of(records[0]) == RecordKind::Turn &&
                   turn_kind(records[0]) != TurnKind::Exclusive;
  std::uint64_t limit = is_shared ? 0 : stamp + 1;
  while (!records.empty()) {
    const std::size_t size = record_words(records[0]);
    if (size == 0 || size > records.size()) break;
    if (kind_of(records[0]) == RecordKind::Turn) {
      const TurnKind kind = turn_kind(records[0]);
      is_shared = is_shared || kind != TurnKind::Exclusive;
      const std::uint64_t known = stamp_of(records[0]) + (kind == TurnKind::Exclusive ? 1 : 0);
      if (kind != TurnKind::Shared) limit = std::max(limit, known);
    } else if (records[0] == kMoveEndHead && !is_shared) {
      limit = std::max(limit, records[1] + 1);
    }
    records = records.subspan(size);
  }
  return limit;
}

}  // namespace pymemflow::report
