#pragma once
// Copies of the windows of a capture as they were at one moment. A window of a process that goes on
// recording may be appended to the file and used again between a look at its head and the reading
// of its records. Report side, one thread.

#include <cstdint>
#include <span>

#include "report/base/memory.h"
#include "report/reader/capture_index.h"

namespace pymemflow::report {

class OpenWindows {
 public:
  void clear() { copies_.clear(); }
  // Copies the windows of the index of those writers of which there is no copy. A window that moves
  // on meanwhile is not copied: its records are in a block of the file then, which the next update
  // of the index finds. False: a window did.
  bool take(const CaptureFiles& files, const CaptureIndex& index);

  // The copied records of a window; null: the block is not a window, or there is no copy of it.
  const Vector<Word>* find(const IndexedBlock& block) const;

  // The stamp below which the copies say that all events have been recorded (known_limit()).
  std::uint64_t known_limit() const;

  // The number of copies, and a number that grows with each record in them.
  std::size_t count() const { return copies_.size(); }
  std::uint64_t position() const;

 private:
  struct Copy {
    std::uint64_t number = 0;
    std::uint64_t stamp = 0;  // at its beginning
    Vector<Word> words;
  };

  HashMap<std::uint32_t, Copy> copies_;  // by writer
};

// The stamp below which the records of a block say that all events have been recorded, or are being
// recorded: events that are recorded later have at least this stamp. `stamp` is that of the block's
// head.
std::uint64_t known_limit(std::uint64_t stamp, std::span<const Word> records);

}  // namespace pymemflow::report
