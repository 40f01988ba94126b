#pragma once
// Where a writer's definitions go: blocks of their own, which are never used again. Belongs to its
// writer's thread, and begins as zeros.

#include <cstddef>
#include <cstdint>

#include "interpose/recording/blocks/destination.h"

namespace pymemflow::interpose {

class DefinitionStream {
 public:
  // Before the first definition: the writer whose definitions these are, and where its blocks go.
  void begin(Destination& destination, std::uint32_t writer) {
    destination_ = &destination;
    writer_ = writer;
  }

  // Where the next definition of `words` words goes; null: nothing more can be recorded.
  Word* make_room(std::size_t words);
  // Gives it its first word, with which it is there.
  void commit(Word head, std::size_t words);

  // The block under way, as complete as it is; and back, when the recording goes on.
  void close();
  void reopen();
  // close(), for the last time.
  void finish();

  // How many there have been.
  std::uint64_t blocks() const { return number_; }

 private:
  bool change_block();

  Destination* destination_;
  BlockHead* block_;
  Word* position_;
  std::uint64_t number_;
  std::uint32_t writer_;
};

}  // namespace pymemflow::interpose
