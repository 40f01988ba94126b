#pragma once
// Orders the events of different threads without a lock, and without a clock as the proof.
//
// Definitions. A *writer* is the recording state of one thread. A *turn* is a 64-bit word: a
// *stamp*, and the writer that recorded last. The process has one turn. It is *exclusive* as long
// as it names a writer, and *shared* from the moment at which its writer is kShared; it is never
// exclusive again. There is also one turn per *stripe*, which is all addresses with one hash of
// their 64 KiB. The *key* of an event is the latest stamp of its writer. A writer that changes its
// stamp writes it (RecordKind::Turn) before its next event. The reader orders events by key, and
// the events of one writer in the order of writing.
//
// Exclusive. For each event a writer looks at the turn of the process. If the turn names it, it
// records the event. Otherwise it replaces the turn by itself and the next stamp.
//
// Shared. Threads that alternate often would fight for one cache line. So a writer looks at the
// turn of the process, whose stamp is the *epoch*, and at the turn of the address's stripe. Its
// stamp becomes at least the epoch. If the stripe's turn is not this writer with this stamp, the
// writer replaces it (claim()): if the stamp there is smaller than its own, by its own stamp, and
// nothing is written to the record; otherwise by one more, which is its new stamp. The stamps of a
// stripe never decrease, and increase whenever the writer changes.
//
// Claim. Let e be an event on a block of memory and f the next event on that block. The reader puts
// f after e.
//
// Proof. If one writer recorded both, it wrote e first. So let A record e with key s, and let
// another writer B record f. B looks for f after A looked for e: malloc() looks after the original
// returned and before the program gets the address; free() looks before the original begins. If e
// is a malloc() and f a free(), the program passed the address from A to B in between. If e is a
// free() and f a malloc(), the allocator passed the block from A to B in between. (Moves: below.)
// All threads see the changes of one atomic variable in one order, so what B sees is what A saw, or
// a later value.
//   1. A looked while the turn was exclusive. Then it was (s, A), and B sees (s, A) or a greater
//      stamp. If B sees itself, the turn is not (s, A), and its stamp is greater. If B sees another
//      writer, its own new stamp is greater than the one it saw. If B sees kShared, the epoch is
//      greater than s, and the key of f is at least the epoch.
//   2. A looked while the turn was shared, so B does. The stripe's turn was (s, A) after A's look.
//      B's look leaves it as a turn of B, which is later, so its stamp is greater than s. That
//      stamp is the key of f.
// Relaxed memory order is enough for that, since each step uses the changes of one variable.
//
// Moves (realloc() and its family) have two addresses: p, which the original releases, and q, which
// it hands out. The event has the key from before the original and, if that has changed, the key
// from after it (ExtendedKind::MoveEnd), with a look at p before and at q after. The reader puts it
// as late as possible: at its second key, or right before the next event that hands p out. That
// event, f by B, must then come after the free of q, an event g by C, although p and q may be in
// two stripes. So the stripe of p counts the Moves in flight (`moves`). As long as it is not 0, no
// writer is left in the turn of the stripe, so that every look comes to claim(), which takes a
// stamp greater than the stamps of all writers. C published its stamp before g, g came before the
// original got q, which came before it released p, which came before the look of B: so B sees a
// stamp of C that is at least the key of g. A Move that began while the turn was exclusive has
// counted as well: it counts, then it looks at the turn of the process, while B has looked at that
// turn, and then at the count. These four are sequentially consistent, so if the Move saw an
// exclusive turn and B a shared one, B sees the count.
//
// Cuts. A mark, and a reader in the process, divide the events: take_cut() sets the epoch above the
// stamps of all writers. An event whose thread knows of the cut has at least the new epoch; an
// event of which the cut's thread knows had a stamp that the cut saw.
//
// Time. The stamp of an epoch is the time, in units of 64 ns (kStampShift), unless stamps have run
// ahead of it. A writer moves the epoch at its clock readings (ExtendedKind::Clock) if it is older
// than kEpochNs. So events that nothing orders are in the order of time, to about that precision.
//
// The turn lies in a page that a forked child finds filled with zeros. The child finds no writer in
// the turn, takes the slow path before it writes a record, and sees there that it is a new process.
// So no fork handler is needed, and a raw clone() is noticed as well. docs/internals/order.md has
// the details.

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pymemflow::interpose {

using WriterId = std::uint16_t;
inline constexpr WriterId kNobody = 0;
inline constexpr WriterId kClosed = 0xffff;  // recording has stopped
inline constexpr WriterId kShared = 0xfffe;  // in the turn of a process: its turn is shared
inline constexpr int kWriterBits = 16;

// The data that a forked child finds as zeros.
struct ForkSensitive {
  std::atomic<std::uint64_t> turn;         // stamp, then writer in the lowest kWriterBits
  std::atomic<std::uint32_t> initialized;  // ForkState
};

enum ForkState : std::uint32_t { kNewProcess = 0, kBeingSetUp = 1, kReady = 2 };

// The addresses of one hash. A cache line of its own, so that threads that keep to their own
// stripes share none.
struct alignas(64) Stripe {
  std::atomic<std::uint64_t> turn;
  std::atomic<std::uint32_t> moves;  // Moves in flight whose old block is in this stripe
};
inline constexpr int kStripeBits = 12;
inline constexpr std::size_t kStripeTableBytes = sizeof(Stripe) << kStripeBits;

// Blocks of one thread lie together: glibc's arenas are separate by thread, and so are the pages of
// other allocators.
constexpr std::size_t stripe_index(std::uint64_t address) {
  return (address >> 16) * 0x9e3779b97f4a7c15 >> (64 - kStripeBits);
}

constexpr WriterId writer_of(std::uint64_t turn) {
  return static_cast<WriterId>(turn);
}
constexpr std::uint64_t turn_stamp(std::uint64_t turn) {
  return turn >> kWriterBits;
}
constexpr std::uint64_t turn_of(std::uint64_t stamp, WriterId writer) {
  return stamp << kWriterBits | writer;
}

}  // namespace pymemflow::interpose
