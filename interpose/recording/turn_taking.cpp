#include "interpose/recording/turn_taking.h"

#include <algorithm>

#include "capture/record.h"
#include "interpose/recording/recorder.h"
#include "platform/clock.h"

namespace pymemflow::interpose {
namespace {

// A writer that takes the turn this often within this time alternates with threads that run at the
// same moment: threads that pass the GIL to each other take longer.
constexpr std::uint32_t kTakes = 256;
constexpr std::uint64_t kContendedNs = 1'000'000;

// The epoch is moved no more often than this, since each writer then claims its stripes again.
constexpr std::uint64_t kEpochNs = 262'144;

std::atomic<std::uint64_t>& process_turn() {
  return recording.fork_sensitive->turn;
}

// A child that forked in a signal handler goes on with the writer that its parent had.
bool is_of_this_process(const Writer& writer) {
  return writer.definitions.is_own();
}

std::uint64_t stamp_at(std::uint64_t now_ns) {
  return (now_ns - recording.started_ns) >> kStampShift;
}

void set_stamp(Writer& writer, std::uint64_t stamp) {
  // Other writers read it: see latest_stamp().
  std::atomic_ref(writer.stamp).store(stamp, std::memory_order_relaxed);
  writer.own_turn = turn_of(stamp, writer.id);
}

// The greatest stamp of the other writers.
std::uint64_t latest_stamp(const Writer& own) {
  std::uint64_t latest = 0;
  recording.writers.for_each([&](Writer& writer) {
    if (&writer == &own) return;
    latest = std::max(latest, std::atomic_ref(writer.stamp).load(std::memory_order_relaxed));
  });
  return latest;
}

// Writes the stamp of the writer, or the epoch.
bool write_stamp(Writer& writer, std::uint64_t stamp, TurnKind kind) {
  if (make_room(writer, 1) == nullptr) return false;
  commit(writer, turn_head(stamp, kind), 1);
  return true;
}

// Makes this writer the last one of a stripe, in which `own_moves` Moves of its own are in flight.
// Returns the stamp of its event: at least `stamp`.
std::uint64_t claim(const Writer& writer, Stripe& stripe, std::uint64_t stamp,
                    std::uint32_t own_moves) {
  std::uint64_t seen = stripe.turn.load(std::memory_order_acquire);
  for (;;) {
    std::uint64_t mine = stamp;
    const bool is_moving = stripe.moves.load(std::memory_order_seq_cst) > own_moves;
    if (is_moving) mine = std::max(mine, latest_stamp(writer) + 1);
    if (turn_stamp(seen) >= mine && seen != turn_of(mine, writer.id)) mine = turn_stamp(seen) + 1;
    const std::uint64_t wanted = turn_of(mine, is_moving ? kShared : writer.id);
    if (seen == wanted) return mine;
    if (stripe.turn.compare_exchange_weak(seen, wanted, std::memory_order_acq_rel,
                                          std::memory_order_acquire)) {
      return mine;
    }
  }
}

// Claims the stripe of the old block of a Move that begins, and leaves no writer in its turn.
std::uint64_t claim_for_move(Stripe& stripe, std::uint64_t stamp) {
  std::uint64_t seen = stripe.turn.load(std::memory_order_acquire);
  for (;;) {
    const std::uint64_t mine = std::max(stamp, turn_stamp(seen) + 1);
    if (stripe.turn.compare_exchange_weak(seen, turn_of(mine, kShared), std::memory_order_acq_rel,
                                          std::memory_order_acquire)) {
      return mine;
    }
  }
}

Stripe& stripe_of(std::uint64_t address) {
  return recording.stripes[stripe_index(address)];
}

// The new stamp, and the epoch if the writer did not know it, go to the record.
bool take_stamp(Writer& writer, std::uint64_t turn, std::uint64_t stamp) {
  const std::uint64_t before = writer.stamp;
  // Set before the record is written, since a block that begins with the record needs it too.
  set_stamp(writer, stamp);
  const std::uint64_t epoch = turn_stamp(turn);
  const bool is_new_epoch = writer.epoch != turn;
  writer.epoch = turn;
  if (is_new_epoch && !write_stamp(writer, epoch, TurnKind::Epoch)) return false;
  const bool is_written = stamp == before || (is_new_epoch && stamp == epoch);
  return is_written || write_stamp(writer, stamp, TurnKind::Shared);
}

bool take_shared(Writer& writer, std::uint64_t turn, std::uint64_t address) {
  std::uint64_t stamp = std::max(writer.stamp, turn_stamp(turn));
  if (address != 0) stamp = claim(writer, stripe_of(address), stamp, 0);
  return take_stamp(writer, turn, stamp);
}

// Makes the writer the one that recorded last. Returns the turn that was seen last: it is
// exclusive, and this writer's, unless the turn is shared or closed by now.
std::uint64_t take_exclusive(const Writer& writer) {
  std::uint64_t seen = process_turn().load(std::memory_order_seq_cst);
  for (;;) {
    if (writer_of(seen) == kClosed || writer_of(seen) == kShared) return seen;
    const std::uint64_t wanted = turn_of(turn_stamp(seen) + 1, writer.id);
    if (process_turn().compare_exchange_weak(seen, wanted, std::memory_order_seq_cst)) {
      return wanted;
    }
  }
}

// Shares the turn if this writer takes it too often.
void note_take(Writer& writer) {
  if (++writer.takes % kTakes != 0) return;
  const std::uint64_t now = platform::quick_monotonic_ns();
  if (now - writer.takes_since_ns < kContendedNs) share_turn();
  writer.takes_since_ns = now;
}

}  // namespace

bool ensure_turn(Writer& writer, std::uint64_t address) {
  std::uint64_t turn = process_turn().load(std::memory_order_seq_cst);
  if (writer_of(turn) == writer.id) return true;
  if (!is_of_this_process(writer)) return false;
  if (writer_of(turn) != kShared) turn = take_exclusive(writer);
  if (writer_of(turn) == kShared) return take_shared(writer, turn, address);
  if (writer_of(turn) == kClosed) return false;
  set_stamp(writer, turn_stamp(turn));
  note_take(writer);
  return write_stamp(writer, writer.stamp, TurnKind::Exclusive);
}

std::uint64_t take_cut(Writer& writer) {
  if (!is_of_this_process(writer)) return 0;
  std::uint64_t turn = take_exclusive(writer);
  if (writer_of(turn) == kClosed) return 0;
  if (writer_of(turn) != kShared) {
    set_stamp(writer, turn_stamp(turn));
    return write_stamp(writer, writer.stamp, TurnKind::Exclusive) ? writer.stamp : 0;
  }
  std::uint64_t stamp = 0;
  do {
    if (writer_of(turn) == kClosed) return 0;
    stamp = std::max({turn_stamp(turn), latest_stamp(writer), writer.stamp}) + 1;
  } while (!process_turn().compare_exchange_weak(turn, turn_of(stamp + 1, kShared),
                                                 std::memory_order_seq_cst));
  set_stamp(writer, stamp);
  // The epoch is left for the next event, which comes after the cut.
  return write_stamp(writer, stamp, TurnKind::Shared) ? stamp + 1 : 0;
}

bool MoveTurns::begin(Writer& writer, std::uint64_t old) {
  if (!is_of_this_process(writer)) return false;
  if (old == 0) return ensure_turn(writer, 0);
  old_ = old;
  stripe_ = &stripe_of(old);
  stripe_->moves.fetch_add(1, std::memory_order_seq_cst);
  const std::uint64_t turn = process_turn().load(std::memory_order_seq_cst);
  bool has_turn = false;
  if (writer_of(turn) == kShared) {
    const std::uint64_t stamp = std::max(writer.stamp, turn_stamp(turn));
    has_turn = take_stamp(writer, turn, claim_for_move(*stripe_, stamp));
  } else {
    has_turn = ensure_turn(writer, old);
  }
  stamp_ = writer.stamp;
  if (!has_turn) give_up();
  return has_turn;
}

void MoveTurns::give_up() {
  if (stripe_ != nullptr) stripe_->moves.fetch_sub(1, std::memory_order_release);
  stripe_ = nullptr;
}

bool MoveTurns::end(Writer& writer, std::uint64_t result) {
  const std::uint64_t before = writer.stamp;
  if (!is_of_this_process(writer)) {
    give_up();
    return false;
  }
  std::uint64_t turn = process_turn().load(std::memory_order_seq_cst);
  if (writer_of(turn) != writer.id && writer_of(turn) != kShared) turn = take_exclusive(writer);
  if (writer_of(turn) == kClosed || writer_of(turn) == writer.id) {
    if (writer_of(turn) == writer.id) set_stamp(writer, turn_stamp(turn));
    give_up();
    return writer.stamp != before;
  }
  std::uint64_t stamp = std::max(before, turn_stamp(turn));
  if (result != 0 && result != old_) {
    Stripe& stripe = stripe_of(result);
    stamp = claim(writer, stripe, stamp, &stripe == stripe_ ? 1 : 0);
  }
  set_stamp(writer, stamp);  // the epoch is left for the next event
  if (stripe_ != nullptr) {
    // Threads that get the old block from here on see the key of the Move. If nobody was in the
    // stripe meanwhile, it is this writer's again.
    std::uint64_t seen = turn_of(stamp_, kShared);
    if (!stripe_->turn.compare_exchange_strong(seen, writer.own_turn, std::memory_order_acq_rel)) {
      while (turn_stamp(seen) < stamp &&
             !stripe_->turn.compare_exchange_weak(seen, turn_of(stamp, kShared),
                                                  std::memory_order_acq_rel)) {
      }
    }
  }
  give_up();
  return stamp != before;
}

void advance_epoch(const Writer& writer, std::uint64_t now_ns) {
  std::uint64_t turn = process_turn().load(std::memory_order_relaxed);
  if (writer_of(turn) != kShared) return;
  std::uint64_t moved_ns = recording.epoch_moved_ns.load(std::memory_order_relaxed);
  if (now_ns < moved_ns + kEpochNs) return;
  // One of the writers for which it is due moves it.
  if (!recording.epoch_moved_ns.compare_exchange_strong(moved_ns, now_ns)) return;
  std::uint64_t stamp = 0;
  do {
    if (writer_of(turn) != kShared) return;
    stamp = std::max({stamp_at(now_ns), turn_stamp(turn) + 1, writer.stamp + 1});
  } while (!process_turn().compare_exchange_weak(turn, turn_of(stamp, kShared),
                                                 std::memory_order_seq_cst));
}

void repeat_epoch(Writer& writer) {
  if (writer.epoch != 0) commit(writer, turn_head(turn_stamp(writer.epoch), TurnKind::Epoch), 1);
}

void share_turn() {
  const std::uint64_t now = stamp_at(platform::monotonic_ns());
  std::uint64_t turn = process_turn().load(std::memory_order_relaxed);
  do {
    if (writer_of(turn) == kClosed || writer_of(turn) == kShared) return;
  } while (!process_turn().compare_exchange_weak(
      turn, turn_of(std::max(turn_stamp(turn) + 1, now), kShared), std::memory_order_seq_cst));
}

}  // namespace pymemflow::interpose
