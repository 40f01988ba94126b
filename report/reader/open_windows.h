#pragma once
// The windows of a capture whose process goes on recording, as they were at one moment: a window
// may be appended and begun again between the look at its head and the reading of its records.
// Report side, one thread.

#include <cstdint>

#include "report/base/memory.h"
#include "report/reader/capture_index.h"

namespace pymemflow::report {

class OpenWindows {
 public:
  // Copies what the windows hold now. Of one that has moved on meanwhile there is no copy: its
  // records are in a block of the file by then.
  void take(int file);

  // Of an index that was read after that, the blocks of events that do not go beyond: what is a
  // window there stays if there is a copy of it.
  void leave_others_out(CaptureIndex& index) const;

  // The records of a window that stayed; null: the block is none.
  const Vector<Word>* find(const IndexedBlock& place) const;

 private:
  struct Copy {
    std::uint64_t number = 0;
    Vector<Word> words;
  };

  HashMap<std::uint32_t, Copy> copies_;  // by writer
};

}  // namespace pymemflow::report
