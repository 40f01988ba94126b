#pragma once
// Gives writers the stamps that order their events (interpose/recording/turn.h). For the
// recorder, on the writer's own thread, while it is in the middle of a record. The inline check of
// the hot path is has_turn() in recorder.h.

#include <cstdint>

#include "interpose/recording/writer.h"

namespace pymemflow::interpose {

// Makes the stamp of the writer the key of an event at this address, and writes it to the record if
// it changed. Address 0: an event that has no block. False: nothing can be recorded any more.
bool ensure_turn(Writer& writer, std::uint64_t address);

// Gives the writer a stamp that is greater than those of all events that happened before, and
// smaller than, or the same as, those of all that happen later. Returns the smallest stamp of what
// is recorded later, or 0: nothing can be recorded any more.
std::uint64_t take_cut(Writer& writer);

// Begins and ends a Move of the block at this address. end() returns whether the stamp of the
// writer has changed since, and writes nothing.
class MoveTurns {
 public:
  // False: nothing can be recorded any more.
  bool begin(Writer& writer, std::uint64_t old);
  bool end(Writer& writer, std::uint64_t result);
  // In place of end() if the Move is not recorded.
  void give_up();

 private:
  Stripe* stripe_ = nullptr;  // of the old block; null: there is none
  std::uint64_t old_ = 0;
  std::uint64_t stamp_ = 0;  // before the call
};

// A clock reading of the writer: moves the epoch if it is due.
void advance_epoch(const Writer& writer, std::uint64_t now_ns);

// At the beginning of a block: repeats the epoch, for those who read the newest blocks alone.
void repeat_epoch(Writer& writer);

// From now on the turn is shared.
void share_turn();

}  // namespace pymemflow::interpose
