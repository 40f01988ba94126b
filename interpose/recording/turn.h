#pragma once
// Orders the events of different threads without a clock and without a lock.
//
// Definitions. A *writer* is the recording state of one thread. The *turn* is one 64-bit word per
// process: the writer that recorded last, and a *stamp* that counts how often that writer changed.
// For each event a writer looks at the turn. If the turn names it, it records the event. Otherwise
// it replaces the turn by itself and the next stamp (take_turn()), and writes that stamp
// (RecordKind::Turn) before the event. The *key* of an event is the latest stamp that its writer
// wrote. The reader orders events by key, and events of one key, which are of one writer, in the
// order of writing.
//
// Claim. Let e be an event on a block of memory and f the next event on that block. The reader puts
// f after e.
//
// Proof. If one writer recorded both, it wrote e first. So let A record e with key s, and let
// another writer B record f.
//   1. When A had looked at the turn for e, the turn was (s, A): A found it so, or made it so.
//   2. B looks at the turn for f after A looked at it for e. malloc() looks after the original
//      returned and before the program gets the address; free() looks before the original begins.
//      If e is a malloc() and f a free(), the program passed the address from A to B in between. If
//      e is a free() and f a malloc(), the allocator passed the block from A to B in between. (A
//      Move looks before and after its original: see ExtendedKind::MoveEnd.)
//   3. Every change of the turn increases the stamp, and all threads see the changes of one atomic
//      variable in one order. So B sees (s, A), or a turn with a stamp greater than s.
//   4. If B sees itself in the turn, then the turn is not (s, A), and its stamp is the key of f:
//      greater than s. If B sees another writer, its new stamp is greater than the one that it saw,
//      and becomes the key of f. In both cases the key of f is greater than s.
// The proof uses the order of the changes of one variable only, so relaxed memory order is enough.
//
// The turn lies in a page that a forked child finds filled with zeros. The child finds no writer in
// the turn, takes the slow path before it writes a record, and sees there that it is a new process.
// So no fork handler is needed, and a raw clone() is noticed as well. docs/internals/order.md has
// the details.

#include <atomic>
#include <cstdint>

namespace pymemflow::interpose {

using WriterId = std::uint16_t;
inline constexpr WriterId kNobody = 0;
inline constexpr WriterId kClosed = 0xffff;  // recording has stopped
inline constexpr int kWriterBits = 16;

// The data that a forked child finds as zeros.
struct ForkSensitive {
  std::atomic<std::uint64_t> turn;         // stamp, then writer in the lowest kWriterBits
  std::atomic<std::uint32_t> initialized;  // ForkState
};

enum ForkState : std::uint32_t { kNewProcess = 0, kBeingSetUp = 1, kReady = 2 };

constexpr WriterId writer_of(std::uint64_t turn) {
  return static_cast<WriterId>(turn);
}
constexpr std::uint64_t turn_stamp(std::uint64_t turn) {
  return turn >> kWriterBits;
}

// Makes `writer` the writer that recorded last. Returns its new stamp, or 0 if recording has
// stopped.
inline std::uint64_t take_turn(std::atomic<std::uint64_t>& turn, WriterId writer) {
  std::uint64_t seen = turn.load(std::memory_order_relaxed);
  for (;;) {
    if (writer_of(seen) == kClosed) return 0;
    const std::uint64_t stamp = turn_stamp(seen) + 1;
    if (turn.compare_exchange_weak(seen, stamp << kWriterBits | writer,
                                   std::memory_order_relaxed)) {
      return stamp;
    }
  }
}

}  // namespace pymemflow::interpose
