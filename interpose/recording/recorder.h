#pragma once
// From a call to its record. record_malloc() and record_free() are the way that nearly every event
// takes: no call, no lock, no branch that is not foreseen; what does not fit it goes through
// record_call(), which can do everything. All of it may be called on any thread, in a signal
// handler too, and leaves errno alone.

#include <atomic>
#include <cstdint>
#include <initializer_list>

#include "interpose/recording/recording.h"
#include "interpose/recording/writer.h"
#include "pyframe/frame.h"

namespace pymemflow::interpose {

// An address as the record has it.
inline std::uint64_t number(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

struct Call {
  Function function;
  std::uint64_t arguments[kMaxArguments];
  std::uint64_t result;
  const void* caller;  // return address of the hook
};

// Records any call, however it is to be done, or counts it as lost.
void record_call(const Call& call);

// Records that a Python function was entered or left at this position. Not inside an allocator.
void record_probe(EventKind kind, const pyframe::Position& position);

// Records that the program gave this moment a name, of at most kMaxMarkName bytes; also while the
// recording is paused. False: nothing can be recorded (any more). Not inside an allocator.
bool record_named_mark(std::string_view name);

// Takes the next stamp for what this thread does from here on: all that was recorded anywhere
// before this call has a smaller one, and what is recorded after it has not. Also while the
// recording is paused. 0: nothing can be recorded.
std::uint64_t record_turn();

// In a forked child: gives it its recording, if it has none of its own yet. False: it can have
// none.
bool require_own_recording();

// A call that takes one block back and hands another out. The memory that it takes back may be in
// another thread's hands before the call returns, so it is given its place in the order before.
class MoveRecord {
 public:
  // Before the real call.
  MoveRecord(Function function, const void* caller);
  // After it.
  void finish(std::initializer_list<std::uint64_t> arguments, const void* result);

 private:
  Writer* writer_ = nullptr;
  Function function_;
  SiteId site_ = kNoSite;
  bool is_borrowed_ = false;
};

// --- for the hook side's own files ---------------------------------------------------------------

// Where the next record of `words` words goes; null: nothing more can be recorded.
Word* make_room(Writer& writer, std::size_t words);
// Gives the record its first word, with which it is there.
inline void commit(Writer& writer, Word head, std::size_t words) {
  // Release: the reader, and whoever looks at the file after this process was killed, sees the head
  // only with what follows it.
  std::atomic_ref(*writer.position).store(head, std::memory_order_release);
  writer.position += words;
}

// The writer of this thread, made if need be; null: there is nothing to record, or no room for it.
Writer* require_own_writer();

// What is between a hook and its record in nearly every case must be part of the hook.
#define PMF_AT_ONCE __attribute__((always_inline)) inline

// The site with this key, if this writer met it lately; else kNoSite.
PMF_AT_ONCE SiteId find_known_site(const Writer& writer, std::uint64_t key) {
  const KnownSite& known = writer.known_sites[known_site_index(key)];
  return known.key == key && known.deaths == recording.sites.deaths() ? known.site : kNoSite;
}
// The same of a call on this thread, without calling anything.
PMF_AT_ONCE SiteId find_site_at_once(const Writer& writer) {
  return find_known_site(writer,
                         pyframe::current_key_at_once(recording.interpreter, writer.thread));
}

// The writer that this thread may use for one short record, or null when the event has to take the
// long way.
PMF_AT_ONCE Writer* begin_short_record() {
  Writer* const writer = this_writer();
  if (writer == nullptr || writer->state.load(std::memory_order_relaxed) != WriterState::Idle) {
    return nullptr;
  }
  writer->state.store(WriterState::Writing, std::memory_order_relaxed);
  // A signal handler must see the state before anything else of the record.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return writer;
}
PMF_AT_ONCE void end_record(Writer& writer) {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  writer.state.store(WriterState::Idle, std::memory_order_relaxed);
}

// Whether the record can be written at once: its site is known and short, the address too, this
// writer recorded last, and there is room. (Nobody recorded last once recording has stopped.)
PMF_AT_ONCE bool is_short(const Writer& writer, SiteId site, std::uint64_t address,
                          std::size_t words) {
  return site != kNoSite && fits_short(address) &&
         writer_of(recording.fork_sensitive->turn.load(std::memory_order_relaxed)) == writer.id &&
         writer.position + words <= writer.end;
}

// What of a malloc fits a short record, where there is room for two words. No branch: whether a
// site asks for the same again cannot be foreseen. (Behind what was written there are zeros.)
PMF_AT_ONCE void put_malloc(Writer& writer, SiteId site, std::size_t size, std::uint64_t address) {
  const bool is_again = writer.last_sizes.repeats(site, size);
  writer.position[1] = is_again ? 0 : size;
  commit(writer, short_head(is_again ? RecordKind::MallocAgain : RecordKind::Malloc, address, site),
         is_again ? 1 : 2);
}

PMF_AT_ONCE bool write_malloc(Writer& writer, SiteId site, std::size_t size,
                              std::uint64_t address) {
  if (!is_short(writer, site, address, 2)) [[unlikely]]
    return false;
  put_malloc(writer, site, size, address);
  return true;
}
PMF_AT_ONCE bool write_calloc(Writer& writer, SiteId site, std::size_t count, std::size_t size,
                              std::uint64_t address) {
  if ((count | size) >> 32 != 0 || !is_short(writer, site, address, 2)) [[unlikely]]
    return false;
  writer.position[1] = pair(static_cast<std::uint32_t>(count), static_cast<std::uint32_t>(size));
  commit(writer, short_head(RecordKind::Calloc, address, site), 2);
  return true;
}
PMF_AT_ONCE bool write_free(Writer& writer, SiteId site, std::uint64_t address) {
  if (!is_short(writer, site, address, 1)) [[unlikely]]
    return false;
  commit(writer, short_head(RecordKind::Free, address, site), 1);
  return true;
}

// --- for the hooks -------------------------------------------------------------------------------

PMF_AT_ONCE bool is_recording() {
  std::uint32_t* const gate = recording.gate.load(std::memory_order_relaxed);
  return std::atomic_ref(*gate).load(std::memory_order_relaxed) == 0;
}

// The way of nearly every event: no call, so that the hook has no registers to save. True: done, or
// nothing is to be recorded.
PMF_AT_ONCE bool record_malloc_at_once(std::size_t size, const void* result) {
  if (!is_recording()) return true;
  Writer* const writer = begin_short_record();
  if (writer == nullptr) return false;
  const bool is_written = write_malloc(*writer, find_site_at_once(*writer), size,
                                       reinterpret_cast<std::uintptr_t>(result));
  end_record(*writer);
  return is_written;
}
PMF_AT_ONCE bool record_calloc_at_once(std::size_t count, std::size_t size, const void* result) {
  if (!is_recording()) return true;
  Writer* const writer = begin_short_record();
  if (writer == nullptr) return false;
  const bool is_written = write_calloc(*writer, find_site_at_once(*writer), count, size,
                                       reinterpret_cast<std::uintptr_t>(result));
  end_record(*writer);
  return is_written;
}
PMF_AT_ONCE bool record_free_at_once(const void* block) {
  if (!is_recording()) return true;
  Writer* const writer = begin_short_record();
  if (writer == nullptr) return false;
  const bool is_written =
      write_free(*writer, find_site_at_once(*writer), reinterpret_cast<std::uintptr_t>(block));
  end_record(*writer);
  return is_written;
}

// For what does not go at once: the site is new to this writer, the block full, another thread
// recorded last. With probes nothing does, since no writer knows a site then. They return `result`,
// so that their caller may end with it.
void* record_malloc_slowly(std::size_t size, void* result, const void* caller);
void* record_calloc_slowly(std::size_t count, std::size_t size, void* result, const void* caller);
void record_free_slowly(const void* block, const void* caller);

// After the real call; returns `result`.
inline void* record_malloc(std::size_t size, void* result, const void* caller) {
  if (record_malloc_at_once(size, result)) [[likely]]
    return result;
  return record_malloc_slowly(size, result, caller);
}

inline void* record_calloc(std::size_t count, std::size_t size, void* result, const void* caller) {
  if (record_calloc_at_once(count, size, result)) [[likely]]
    return result;
  return record_calloc_slowly(count, size, result, caller);
}

// Before the real call.
inline void record_free(const void* block, const void* caller) {
  if (!record_free_at_once(block)) [[unlikely]]
    record_free_slowly(block, caller);
}

}  // namespace pymemflow::interpose
