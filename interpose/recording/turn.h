#pragma once
// The order of events of different threads, without a clock and without a lock.
//
// One word says which writer recorded last, and how often that has changed: its stamp. A writer
// that finds itself there records without a stamp. One that does not puts itself there, with the
// next stamp, and writes that stamp in front of its event (RecordKind::Turn). An event's key is the
// latest stamp that its writer wrote; the reader orders by key, and within a key by writing order.
//
// Why that is an order in which the things happened, and not a guess: let e be an event on a block
// of memory and f the next event on it (free after malloc, malloc after free), by another writer.
// The program, or the allocator, made f happen after e. e looked at the word before it was
// recorded, so f, looking later, finds a value no older. Does f find its own writer there, then
// that writer put itself there after e looked, with a stamp greater than e's key, and it is f's
// key. Does f find another writer, then it takes a new stamp, greater than all before. Either way
// f's key is greater than e's. When both are one writer's, their writing order is their order.
// (malloc looks after the real call returned, free before the real call begins: what the proof
// needs. A Move looks at both ends: see DefinitionKind::MoveEnd.)
//
// The word lies in a page that the kernel gives to a forked child filled with zeros: a child thus
// finds no writer in it, comes to the slow path before it writes anything, and notices there that
// it is a new process. No fork handler is needed, and a raw clone() is noticed as well.

#include <atomic>
#include <cstdint>

namespace pymemflow::interpose {

using WriterId = std::uint16_t;
inline constexpr WriterId kNobody = 0;
inline constexpr WriterId kClosed = 0xffff;  // nothing more is to be recorded
inline constexpr int kWriterBits = 16;

// What a forked child finds as zeros.
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

// Makes `writer` the one that recorded last. Returns its new stamp; 0: closed.
inline std::uint64_t take_turn(std::atomic<std::uint64_t>& turn, WriterId writer) {
  std::uint64_t seen = turn.load(std::memory_order_relaxed);
  for (;;) {
    if (writer_of(seen) == kClosed) return 0;
    const std::uint64_t stamp = turn_stamp(seen) + 1;
    // Relaxed: the proof above needs the order of this one word alone.
    if (turn.compare_exchange_weak(seen, stamp << kWriterBits | writer,
                                   std::memory_order_relaxed)) {
      return stamp;
    }
  }
}

}  // namespace pymemflow::interpose
