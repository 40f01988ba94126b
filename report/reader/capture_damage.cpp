// The part of the index that judges: what is lost, missing or damaged in a capture.

#include <algorithm>
#include <cstring>

#include "report/reader/capture_index.h"
#include "report/reader/file_reads.h"

namespace pymemflow::report {

std::uint64_t CaptureIndex::lost() const {
  std::uint64_t lost = head_.lost;
  for (const std::uint64_t count : lost_) lost += count;
  return lost;
}

std::uint64_t CaptureIndex::damaged() const {
  // A block with a damaged head is also missing in its sequence, so it is counted once.
  return damage_of_head_ + damaged_rests_ + std::max(damaged_stretches(), missing());
}

std::uint64_t CaptureIndex::unchecked() const {
  return static_cast<std::uint64_t>(std::count_if(
      others_.begin(), others_.end(), [](const IndexedBlock& block) { return block.is_window(); }));
}

std::uint64_t CaptureIndex::damaged_stretches() const {
  return static_cast<std::uint64_t>(
      std::count_if(gaps_.begin(), gaps_.end(), [](const Gap& gap) { return gap.is_damage; }));
}

// Counts the gaps in the numbers of each writer and kind, and the blocks that are missing after the
// last ones. A ring may begin with any number.
std::uint64_t CaptureIndex::missing() const {
  std::uint64_t gaps = 0;
  std::uint64_t last_numbers = 0;
  const IndexedBlock* before = nullptr;
  const auto visit = [&](const IndexedBlock& block) {
    const BlockHead& head = block.head;
    const bool is_first =
        before == nullptr || before->head.kind != head.kind || before->head.writer != head.writer;
    const bool may_begin_late = head.kind == BlockKind::Events && head_.mode != RecordMode::Full;
    const std::uint64_t expected =
        is_first ? (may_begin_late ? head.number : 1) : before->head.number + 1;
    if (head.number != expected) ++gaps;
    if (is_first && before != nullptr) last_numbers += before->head.number;
    before = &block;
  };
  auto sealed = sealed_.begin();
  auto other = others_.begin();
  while (sealed != sealed_.end() || other != others_.end()) {
    const bool is_sealed_next =
        other == others_.end() || (sealed != sealed_.end() && comes_first(*sealed, *other));
    visit(is_sealed_next ? *sealed++ : *other++);
  }
  if (before != nullptr) last_numbers += before->head.number;
  return is_end_known() && last_numbers < head_.last_numbers ? gaps + 1 : gaps;
}

// Corrects wrong values of the head.
void CaptureIndex::check_head() {
  damage_of_head_ = 0;
  if (head_.checksum != checksum_of_start(head_)) {
    ++damage_of_head_;
    const IndexedBlock* const first =
        !others_.empty() ? &others_.front() : (sealed_.empty() ? nullptr : &sealed_.front());
    head_.process = first == nullptr ? 0 : first->head.process;
    head_.mode = others(BlockKind::Sums).empty() ? RecordMode::Full : RecordMode::Sums;
  }
  if (head_.end == EndKind::None) return;
  if (!is_end_known()) {
    ++damage_of_head_;
    head_.failure = 0;
    head_.lost = 0;
    return;
  }
  std::memcpy(unseen_, head_.unseen, sizeof unseen_);
  if (size_bytes_ < head_.file_bytes) ++damage_of_head_;
  if (is_zero_elsewhere()) check_head_page();
}

// The first page of a capture that has ended: the head, and the report that was made of it.
void CaptureIndex::check_head_page() {
  MadeReport report{};
  const std::uint64_t behind = kMadeReportOffset + sizeof report;
  const bool is_read = read_at(files_.capture, &report, sizeof report, kMadeReportOffset);
  const bool has_report = is_read && report.checksum == checksum_of(report);
  if (!is_zero(files_.capture, sizeof head_, has_report ? kMadeReportOffset : behind) ||
      !is_zero(files_.capture, behind, kFileAlignment)) {
    ++damage_of_head_;
  }
}

bool CaptureIndex::is_damaged_hole(const IndexedBlock& page) const {
  return page.head.magic == 0 && is_zero_elsewhere() &&
         !is_zero(files_.capture, page.offset, page.offset + kFileAlignment);
}

// Looks at the bytes behind the records of a block. A window of a thread that was in the middle of
// a record has no known end.
void CaptureIndex::check_rest(const IndexedBlock& block) {
  if (block.is_window()) return;
  const bool has_records = block.head.state != BlockState::Emptied;
  const std::uint64_t used = sizeof block.head + (has_records ? block.used_bytes() : 0);
  if (!is_zero(files_.capture, block.offset + used, block.offset + block.head.extent_bytes)) {
    ++damaged_rests_;
  }
}

}  // namespace pymemflow::report
