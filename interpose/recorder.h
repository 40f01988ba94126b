#pragma once
// From a call to its record. record_malloc() and record_free() are the way that nearly every event
// takes: no system call, no lock, no branch that is not foreseen; what does not fit it goes through
// record_call(), which can do everything. All of it may be called on any thread, in a signal
// handler too, and leaves errno alone.

#include <atomic>
#include <cstdint>
#include <initializer_list>

#include "interpose/recording.h"
#include "interpose/writer.h"
#include "pyframe/frame.h"

namespace pymemflow::interpose {

struct Call {
  Function function;
  std::uint64_t arguments[kMaxArguments];
  std::uint64_t result;
  const void* caller;  // return address of the hook
};

// Records any call, however it is to be done, or counts it as lost.
void record_call(const Call& call);

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

// The site of a call on this thread; kNoSite when it was never seen. Asks the table.
SiteId find_site_in_table(Writer& writer, const void* caller);

// The same; the sites that this writer met last come without asking.
inline SiteId find_site(Writer& writer, const void* caller) {
  const std::uint64_t key = pyframe::current_key(recording.interpreter, writer.thread);
  const KnownSite& known = writer.known_sites[known_site_index(key)];
  if (known.key == key && known.deaths == recording.sites.deaths()) [[likely]]
    return known.site;
  return find_site_in_table(writer, caller);
}

// The writer that this thread may use for one short record, or null when the event has to take the
// long way.
inline Writer* begin_short_record() {
  Writer* const writer = this_writer;
  if (writer == nullptr || recording.phase.load(std::memory_order_relaxed) != Phase::On ||
      writer->state.load(std::memory_order_relaxed) != WriterState::Idle) {
    return nullptr;
  }
  writer->state.store(WriterState::Recording, std::memory_order_relaxed);
  // A signal handler must see the state before anything else of the record.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return writer;
}
inline void end_record(Writer& writer) {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  writer.state.store(WriterState::Idle, std::memory_order_relaxed);
}

// Whether the record can be written at once: its site is known, it is short, this writer recorded
// last, and there is room.
inline bool is_short(const Writer& writer, SiteId site, std::uint64_t address, std::size_t words) {
  return site != kNoSite && fits_short(address, site) &&
         writer_of(recording.fork_sensitive->turn.load(std::memory_order_relaxed)) == writer.id &&
         writer.position + words <= writer.end;
}

// After the real call.
inline void record_malloc(std::size_t size, const void* result, const void* caller) {
  const auto address = reinterpret_cast<std::uintptr_t>(result);
  if (Writer* const writer = begin_short_record()) [[likely]] {
    const SiteId site = find_site(*writer, caller);
    if (is_short(*writer, site, address, 2)) [[likely]] {
      writer->position[1] = size;
      commit(*writer, short_head(RecordKind::Malloc, address, site), 2);
      end_record(*writer);
      return;
    }
    end_record(*writer);
  }
  record_call({Function::malloc, {size}, address, caller});
}

// Before the real call.
inline void record_free(const void* block, const void* caller) {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  if (Writer* const writer = begin_short_record()) [[likely]] {
    const SiteId site = find_site(*writer, caller);
    if (is_short(*writer, site, address, 1)) [[likely]] {
      commit(*writer, short_head(RecordKind::Free, address, site), 1);
      end_record(*writer);
      return;
    }
    end_record(*writer);
  }
  record_call({Function::free, {address}, 0, caller});
}

}  // namespace pymemflow::interpose
