#pragma once
// Turns a call of an allocator function into a record. record_malloc() and record_free() handle
// nearly every event inside the hook: without a call, a lock or a mispredicted branch. Other events
// go through record_call(), which handles every case. Any thread, in a signal handler too; errno is
// kept.

#include <atomic>
#include <cstdint>
#include <initializer_list>

#include "interpose/recording/call_site.h"
#include "interpose/recording/recording.h"
#include "interpose/recording/turn_taking.h"
#include "interpose/recording/writer.h"
#include "platform/resident.h"
#include "pyframe/frame.h"

namespace pymemflow::interpose {

// An address as it is recorded.
inline std::uint64_t number(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

struct Call {
  Function function;
  std::uint64_t arguments[kMaxArguments];
  std::uint64_t result;
  const void* caller;  // return address of the hook
};

// Records any call, or counts it as lost.
void record_call(const Call& call);

// Records that a Python function was entered or left at this position. Not inside an allocator.
void record_probe(EventKind kind, const pyframe::Position& position);

// Records that the program gave this moment a name, of at most kMaxMarkName bytes; also while the
// recording is paused. Before the mark it records the resident set and the state of the C library's
// heaps. False: nothing can be recorded (any more). Not inside an allocator.
bool record_named_mark(std::string_view name, const platform::HeapState& heaps = {});

// Takes the next stamp for what this thread does from here on: all that was recorded anywhere
// before this call has a smaller one, and what is recorded after it has not. Also while the
// recording is paused. 0: nothing can be recorded.
std::uint64_t record_turn();

// In a forked child: gives it its recording, if it has none of its own yet. False: it can have
// none.
bool require_own_recording();

// Records a call that takes one block back and hands out another. Another thread may receive the
// old block before the call returns, so the call takes its place in the order before it begins.
class MoveRecord {
 public:
  // Before the real call, which takes `old` back.
  MoveRecord(Function function, const void* old, const void* caller);
  // After it.
  void finish(std::initializer_list<std::uint64_t> arguments, const void* result);

 private:
  Writer* writer_ = nullptr;
  MoveTurns turns_;
  Function function_;
  SiteId site_ = kNoSite;
  bool is_borrowed_ = false;
};

// --- for the files of this folder ----------------------------------------------------------------

// Returns the place of the next record of `words` words, or null if nothing more can be recorded.
Word* make_room(Writer& writer, std::size_t words);
// Writes the first word of the record, which makes it valid.
inline void commit(Writer& writer, Word head, std::size_t words) {
  // Release: a reader, also of the file of a killed process, sees the first word only together with
  // the words that follow it.
  std::atomic_ref(*writer.position).store(head, std::memory_order_release);
  writer.position += words;
}

// Return the index of a stack or of a site in the table of the block, and add it if necessary, for
// which there has to be room. Only in a recording with stacks.
inline std::uint32_t use_stack(Writer& writer, StackId stack) {
  if (const std::uint32_t index = writer.stack->used.find_stack(stack)) return index;
  commit(writer, used_stack(stack), kUsedWords);
  return writer.stack->used.add_stack(stack);
}
inline std::uint32_t use_site(Writer& writer, SiteId site) {
  if (const std::uint32_t index = writer.stack->used.find_site(site)) return index;
  commit(writer, used_site(site), kUsedWords);
  return writer.stack->used.add_site(site);
}

// Returns the writer of this thread, and creates it if necessary. Null: nothing is being recorded,
// or there is no room.
Writer* require_own_writer();

// The writer for one event on this thread, in the state Writing.
struct Entry {
  Writer* writer = nullptr;  // null if the event shall not be recorded, or, with is_lost, cannot be
  bool is_borrowed = false;
  bool is_lost = false;
};
enum class Entering : std::uint8_t {
  Call,
  Mapping,  // a call of mmap() or its family: an event also below a call of Python's allocators
  Mark,     // an event also during a pause
};
Entry enter(Entering what = Entering::Call);
// Of the writer of an Entry, after the record.
void leave(const Entry& entry);
// Counts an event that could not be recorded. Null: there was no writer for it.
void count_lost(Writer* writer);

// Code on the fast path from a hook to its record has to be inlined into the hook.
#define PMF_AT_ONCE __attribute__((always_inline)) inline

// Returns the site with this key if this writer used it recently, else kNoSite.
PMF_AT_ONCE SiteId find_known_site(const Writer& writer, std::uint64_t key) {
  const KnownSite& known = writer.known_sites[known_site_index(key)];
  if (known.key != key || known.deaths != recording.sites.deaths()) return kNoSite;
  // No entry has another number, and an unused one no valid count: saves a comparison.
  if (known.site == kNoSite) __builtin_unreachable();
  return known.site;
}
// The same for the current call on this thread, without a function call.
PMF_AT_ONCE SiteId find_site_at_once(const Writer& writer, const void* caller) {
  return find_known_site(
      writer, pyframe::current_key_at_once(recording.interpreter, writer.thread, caller));
}

// Returns the writer that this thread may use for one short record, or null if the event has to be
// recorded by record_call().
PMF_AT_ONCE Writer* begin_short_record(WriterState idle = WriterState::Idle) {
  Writer* const writer = this_writer();
  if (writer == nullptr || writer->state.load(std::memory_order_relaxed) != idle) return nullptr;
  writer->state.store(WriterState::Writing, std::memory_order_relaxed);
  // A signal handler must see the state before any other change that this record makes.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return writer;
}
PMF_AT_ONCE void end_record(Writer& writer) {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  writer.state.store(WriterState::Idle, std::memory_order_relaxed);
}

// The same for a record of record_call() and its kind, which know both kinds of recordings.
inline void end_any_record(Writer& writer) {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  writer.state.store(writer.stack != nullptr ? WriterState::IdleWithStack : WriterState::Idle,
                     std::memory_order_relaxed);
}

// Whether the stamp of the writer is the key of an event at this address
// (interpose/recording/turn.h). Once recording has stopped, no writer counts as the last one.
PMF_AT_ONCE bool has_turn(const Writer& writer, std::uint64_t address) {
  const std::uint64_t turn = recording.fork_sensitive->turn.load(std::memory_order_relaxed);
  if (writer_of(turn) == writer.id) [[likely]]
    return true;
  const Stripe& stripe = recording.stripes[stripe_index(address)];
  return turn == writer.epoch && stripe.turn.load(std::memory_order_relaxed) == writer.own_turn;
}

// Whether a short record can be written now: its site is known, the address is short, the writer
// has the turn, and there is room.
PMF_AT_ONCE bool is_short(const Writer& writer, SiteId site, std::uint64_t address,
                          std::size_t words) {
  return site != kNoSite && fits_short(address) && has_turn(writer, address) &&
         writer.position + words <= writer.end;
}

// Writes a short record of a malloc() where there is room for two words. Without a branch: whether
// a site requests the same size again cannot be predicted. (The window is zero behind the last
// record.)
PMF_AT_ONCE void put_malloc(Writer& writer, SiteId site, std::size_t size, std::uint64_t address) {
  SiteId place = 0;
  const Word again = writer.last_sizes.repeats(site, size, place) ? 1 : 0;
  constexpr Word kToAgain =
      static_cast<Word>(RecordKind::MallocAgain) - static_cast<Word>(RecordKind::Malloc);
  Word* const position = writer.position;
  position[1] = size & (again - 1);
  // As commit() does, which would load the position again.
  std::atomic_ref(*position).store(
      short_head(RecordKind::Malloc, address, again != 0 ? place : site) + again * kToAgain,
      std::memory_order_release);
  writer.position = reinterpret_cast<Word*>(number(position + 2) - again * sizeof(Word));
}

PMF_AT_ONCE bool write_malloc(Writer& writer, SiteId site, Domain domain, std::size_t size,
                              std::uint64_t address) {
  if (!is_short(writer, site, address, 2)) [[unlikely]]
    return false;
  put_malloc(writer, short_number(site, domain), size, address);
  return true;
}
PMF_AT_ONCE bool write_calloc(Writer& writer, SiteId site, Domain domain, std::size_t count,
                              std::size_t size, std::uint64_t address) {
  if ((count | size) >> 32 != 0 || !is_short(writer, site, address, 2)) [[unlikely]]
    return false;
  writer.position[1] = pair(static_cast<std::uint32_t>(count), static_cast<std::uint32_t>(size));
  commit(writer, short_head(RecordKind::Calloc, address, short_number(site, domain)), 2);
  return true;
}
PMF_AT_ONCE bool write_free(Writer& writer, SiteId site, Domain domain, std::uint64_t address) {
  if (!is_short(writer, site, address, 1)) [[unlikely]]
    return false;
  commit(writer, short_head(RecordKind::Free, address, short_number(site, domain)), 1);
  return true;
}

// Whether a short record has room for an address and a site.
inline bool fits(std::uint64_t address, SiteId site) {
  return fits_short(address) && site < recording.short_sites;
}

// Returns the site of a call on this thread, or kNoSite if it is new or needs a long record.
SiteId find_short_site(Writer& writer, const void* caller);
// Gets what a short record may lack: the turn, and room. Not in a process that may be a forked
// child, which has no turn yet: false.
inline constexpr std::size_t kMaxShortWords = 2;
bool prepare_short(Writer& writer, std::uint64_t address, std::size_t words);

// In a recording with stacks: the functions of the same names without it.
void* record_malloc_with_stack(std::size_t size, void* result, const void* caller, Domain domain);
void* record_calloc_with_stack(std::size_t count, std::size_t size, void* result,
                               const void* caller, Domain domain);
void record_free_with_stack(const void* block, const void* caller, Domain domain);

// --- for the hooks -------------------------------------------------------------------------------

PMF_AT_ONCE bool is_recording() {
  std::uint32_t* const gate = recording.gate.load(std::memory_order_relaxed);
  return std::atomic_ref(*gate).load(std::memory_order_relaxed) == 0;
}

// Record nearly every event, without a function call, so that the hook has no registers to save.
// True: the event is recorded, or nothing is being recorded.
PMF_AT_ONCE bool record_malloc_at_once(std::size_t size, const void* result, const void* caller,
                                       Domain domain = Domain::C) {
  if (!is_recording()) return true;
  Writer* const writer = begin_short_record();
  if (writer == nullptr) return false;
  const bool is_written = write_malloc(*writer, find_site_at_once(*writer, caller), domain, size,
                                       reinterpret_cast<std::uintptr_t>(result));
  end_record(*writer);
  return is_written;
}
PMF_AT_ONCE bool record_calloc_at_once(std::size_t count, std::size_t size, const void* result,
                                       const void* caller, Domain domain = Domain::C) {
  if (!is_recording()) return true;
  Writer* const writer = begin_short_record();
  if (writer == nullptr) return false;
  const bool is_written = write_calloc(*writer, find_site_at_once(*writer, caller), domain, count,
                                       size, reinterpret_cast<std::uintptr_t>(result));
  end_record(*writer);
  return is_written;
}
PMF_AT_ONCE bool record_free_at_once(const void* block, const void* caller,
                                     Domain domain = Domain::C) {
  if (!is_recording()) return true;
  Writer* const writer = begin_short_record();
  if (writer == nullptr) return false;
  const bool is_written = write_free(*writer, find_site_at_once(*writer, caller), domain,
                                     reinterpret_cast<std::uintptr_t>(block));
  end_record(*writer);
  return is_written;
}

// Record the other events: the recording has stacks, the site is new to this writer, the block is
// full, the clock is to be read, or another thread recorded last. With probes every event is
// recorded here, since writers do not remember sites then. Return `result`, so that their caller
// can end with a tail call.
void* record_malloc_slowly(std::size_t size, void* result, const void* caller,
                           Domain domain = Domain::C);
void* record_calloc_slowly(std::size_t count, std::size_t size, void* result, const void* caller,
                           Domain domain = Domain::C);
void record_free_slowly(const void* block, const void* caller, Domain domain = Domain::C);

// After the real call; returns `result`.
PMF_AT_ONCE void* record_malloc(std::size_t size, void* result, const void* caller,
                                Domain domain = Domain::C) {
  if (record_malloc_at_once(size, result, caller, domain)) [[likely]]
    return result;
  return record_malloc_slowly(size, result, caller, domain);
}

PMF_AT_ONCE void* record_calloc(std::size_t count, std::size_t size, void* result,
                                const void* caller, Domain domain = Domain::C) {
  if (record_calloc_at_once(count, size, result, caller, domain)) [[likely]]
    return result;
  return record_calloc_slowly(count, size, result, caller, domain);
}

// Before the real call.
PMF_AT_ONCE void record_free(const void* block, const void* caller, Domain domain = Domain::C) {
  if (!record_free_at_once(block, caller, domain)) [[unlikely]]
    record_free_slowly(block, caller, domain);
}

}  // namespace pymemflow::interpose
