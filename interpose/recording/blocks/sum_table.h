#pragma once
// One thread's sums (capture/sums.h): adds full windows to cells, in blocks of the capture.
//
// Belongs to its writer's thread, and begins as zeros.

#include <cstddef>
#include <cstdint>
#include <span>

#include "capture/sums.h"
#include "interpose/recording/blocks/destination.h"

namespace pymemflow::interpose {

class SumTable {
 public:
  // Before the first window: the writer whose sums these are, and where its blocks go.
  void begin(Destination& destination, std::uint32_t writer) {
    destination_ = &destination;
    writer_ = writer;
  }

  // False: the file cannot grow. Then the window stays as it is, and counts.
  bool fold(std::uint64_t number, std::span<const Word> records);

  // The blocks of the table, as complete; and back, when the recording goes on.
  void close();
  void reopen();
  std::uint64_t blocks() const { return block_count_; }

 private:
  bool add(std::uint64_t number, const Event& event);
  SumCell* find(Word key);
  SumCell* make(Word key);
  bool make_block();
  bool grow_index();

  Destination* destination_;
  std::uint32_t writer_;
  // By key, in memory of this process alone; the cells are in the file.
  SumCell** index_;
  std::size_t index_slots_;
  std::size_t cells_;
  BlockHead** blocks_;  // in the file; the latest is the one that has room
  std::size_t block_count_;
  std::size_t cells_in_block_;
};

}  // namespace pymemflow::interpose
