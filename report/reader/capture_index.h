#pragma once
// The index of a capture file: its head, and its blocks by kind, writer and number. It is made of
// the heads of the blocks alone, and it is incremental: update() reads what is new, and looks again
// only at blocks that may still change. The file may be growing meanwhile, in this process or in
// another one. One thread.

#include <cstdint>
#include <span>
#include <string_view>

#include "capture/block.h"
#include "report/base/memory.h"
#include "report/reader/block_reads.h"

namespace pymemflow::report {

// Why a file cannot be read as a capture.
enum class CaptureError : std::uint8_t { None, Unreadable, NotACapture, Older, Newer };
std::string_view describe(CaptureError error);

// The order of the index: by kind, writer and number.
bool comes_first(const IndexedBlock& a, const IndexedBlock& b);

class CaptureIndex {
 public:
  // Takes in what the file holds now. A block that was in the index before has its state of now.
  CaptureError update(const CaptureFiles& files);

  // Takes in the head alone, for those who need no blocks.
  CaptureError update_head(const CaptureFiles& files);

  const FileHead& head() const { return head_; }
  // Whether the process may still write to the file.
  bool may_grow() const { return head_.end == EndKind::None; }

  // Whether the process may have ended unnoticed, under a filter of its system calls.
  bool is_end_unseen() const { return head_.end == EndKind::None && is_end_unseen_; }

  // Whether the recording could not see this (capture/block.h).
  bool is_unseen(Unseen fact) const { return unseen_[static_cast<std::size_t>(fact)] != 0; }

  // The files that hold the blocks: NAME.windows only if it belongs to the capture, and is needed.
  const CaptureFiles& files() const { return files_; }
  // Whether blocks of the capture lie in a NAME.windows that is missing.
  bool lacks_windows() const { return lacks_windows_; }

  // Copies of windows, which do not change any more, by writer and number.
  std::span<const IndexedBlock> sealed() const { return sealed_; }
  // The other blocks of a kind, by writer and number.
  std::span<const IndexedBlock> others(BlockKind kind) const;

  // The writer's first block of events with a number of at least `number`; null: there is none.
  const IndexedBlock* find_events(std::uint32_t writer, std::uint64_t number) const;
  // The number of blocks of events.
  std::size_t event_blocks() const { return sealed_.size() + others(BlockKind::Events).size(); }
  // In the mode Sums: windows up to this number are part of the writer's sums. False: the writer
  // has no window.
  bool find_folded(std::uint32_t writer, std::uint64_t& number) const;

  // In the mode Sums: whether sums that were read since the update are those of the folded windows.
  // False: a writer has folded two windows since, and its cells no longer hold the older sums.
  bool are_sums_current() const;

  // Removes windows of events for which `is_kept` is false.
  template <typename Predicate>
  void keep_windows(Predicate is_kept) {
    std::erase_if(others_, [&](const IndexedBlock& block) {
      return block.head.kind == BlockKind::Events && block.is_window() && !is_kept(block);
    });
  }

  // Events that the writers could not record.
  std::uint64_t lost() const;
  // Blocks without a checksum, as they were being written at the end: damage in them may go
  // unnoticed.
  std::uint64_t unchecked() const;
  // Stretches of the file, and blocks, that are missing or not what they should be.
  std::uint64_t damaged() const;

 private:
  // Pages in which blocks were expected and none is yet: from `offset` to `end`.
  struct Gap {
    std::uint64_t offset;
    std::uint64_t end;
    bool is_damage;  // not zeros
  };

  // Takes the head of NAME.windows if it belongs to this capture.
  void take_windows_head();
  void check_head();
  // Whether the end of the process is in the head, and undamaged.
  bool is_end_known() const {
    return head_.end != EndKind::None && head_.end_checksum == checksum_of_end(head_);
  }
  // Whether bytes without a meaning must be zeros.
  bool is_zero_elsewhere() const { return is_end_known() && head_.is_zero_elsewhere != 0; }
  void check_head_page();
  void check_rest(const IndexedBlock& block);
  bool is_damaged_hole(const IndexedBlock& page) const;
  bool look();
  void look_again();
  void scan(std::uint64_t offset, std::uint64_t end);
  void add(const IndexedBlock& block);
  void sort();
  std::uint64_t missing() const;
  std::uint64_t damaged_stretches() const;

  CaptureFiles files_{-1};  // NAME.windows only while it belongs to the capture
  FileHead head_{};
  bool lacks_windows_ = false;
  bool is_end_unseen_ = false;
  char unseen_[kUnseenFacts] = {};
  bool has_head_ = false;
  std::uint64_t damage_of_head_ = 0;
  std::uint64_t damaged_rests_ = 0;  // what is behind the records of blocks
  std::uint64_t size_bytes_ = 0;     // of the file
  std::uint64_t scanned_bytes_ = 0;  // from its beginning
  Vector<IndexedBlock> sealed_;
  std::size_t sorted_ = 0;  // of `sealed_`
  Vector<IndexedBlock> others_;
  Vector<std::uint64_t> changing_;  // offsets of the blocks that are not sealed
  Vector<Gap> gaps_;
  Vector<std::uint64_t> lost_;                    // by writer
  HashMap<std::uint32_t, std::uint64_t> folded_;  // by writer
};

}  // namespace pymemflow::report
