#pragma once
// A writer: the state that one thread needs to write records. It is not thread-local, so that
// another thread can take it over. Only the owning thread uses it, except for `owner`. A signal
// handler that interrupts its owner in the middle of a record finds it Writing, and borrows another
// one.

#include <atomic>
#include <cstdint>

#include "capture/block.h"
#include "capture/last_sizes.h"
#include "interpose/recording/blocks/definition_stream.h"
#include "interpose/recording/blocks/sum_table.h"
#include "interpose/recording/stacks/thread_stack.h"
#include "interpose/recording/turn.h"
#include "platform/thread_values.h"
#include "pyframe/frame.h"
#include "pyframe/tracing/probes.h"

namespace pymemflow::interpose {

enum class WriterState : std::uint8_t {
  Idle,
  IdleWithStack,  // Idle, in a recording with stacks: the inline code of the hooks records sites
                  // alone, and leaves the events of such a writer to others
  Writing,        // in the middle of a record
  InDomain,  // a function of Python's allocators is running: the calls that it makes for the block
             // are not events; those of mmap() and its family are
  Moving,    // the same, and room for its record is reserved
  Ignoring,  // calls of allocator functions are not events: an original that may call others is
             // running, or the library works for itself
};

constexpr bool is_idle(WriterState state) {
  return state == WriterState::Idle || state == WriterState::IdleWithStack;
}

// Whether the thread may be about to write in its window.
constexpr bool is_recording(WriterState state) {
  return state == WriterState::Writing || state == WriterState::Moving;
}

// A site that this writer used recently, by pyframe::current_key(), or by caller_key() where no
// Python frame ran. Valid until a code object dies.
// Only sites below Recording::short_sites are kept, unless whole stacks are recorded.
struct KnownSite {
  std::uint64_t key;
  std::uint64_t deaths;  // SiteTable::deaths() when it was entered
  SiteId site;
};
// The state of the probes of a thread (interpose/recording/probe_attribution.h).
struct ProbeState {
  pyframe::LastProbe last;
  bool is_own_work = false;
  bool is_binding = false;  // the next block of a bound method's size is made for the probes
  // The latest two records of allocations, the latest first. A block may turn out to have been made
  // for a probe.
  struct Handed {
    Word* record;
    Word* end;  // of the room up to the next clock reading, or of the window
    std::uint64_t address;
    std::uint64_t bytes;
    std::uint64_t block;  // its number: in the next block the same place holds another record
  };
  Handed latest[2] = {};
  // A ring of the latest blocks that were made for probes, until they are freed. Nested calls have
  // several, and the interpreter keeps some.
  static constexpr unsigned kMaxMade = 32;
  std::uint64_t made[kMaxMade] = {};
  unsigned next_made = 0;
};

inline constexpr int kKnownSiteBits = 6;
constexpr std::size_t known_site_index(std::uint64_t key) {
  return key * 0x9e3779b97f4a7c15 >> (64 - kKnownSiteBits);
}

struct alignas(64) Writer {
  // Relaxed throughout: only this thread and the signal handlers on it look at it.
  std::atomic<WriterState> state;
  WriterId id;
  std::atomic<std::uint32_t> owner;  // thread id; 0: free
  pyframe::ThisThread thread;        // the owner, for the frame reader
  Word* position;
  Word* end;
  BlockHead* window;
  BlockHead* first_block;  // of the ring; Ring only
  std::uint64_t stamp;     // the latest that was written; other writers read it
  std::uint64_t own_turn;  // this writer with this stamp: the turn of the stripes it is last in
  std::uint64_t epoch;     // the shared turn that it knows; 0: none yet
  std::uint64_t takes_since_ns;  // since then it took the exclusive turn
  std::uint32_t takes;           // so often, modulo a number
  std::uint64_t events_before;   // the window; Ring only
  DefinitionStream definitions;
  SumTable sums;       // Sums only
  ThreadStack* stack;  // null: the recording has no stacks
  // Of the window. Aligned, so that no entry lies in two cache lines.
  alignas(64) LastSizes last_sizes;
  KnownSite known_sites[1 << kKnownSiteBits];
  ProbeState probe;
  std::atomic<std::uintptr_t> self;  // the value of pthread_self() of the owner
  std::uint64_t defined_name;  // a number made of the owner and the name that is defined for it
};

// The writer of this thread; null until its first event.
__attribute__((always_inline)) inline Writer* this_writer() {
  return static_cast<Writer*>(platform::thread_value(platform::ThreadValue::Writer));
}
inline void set_this_writer(Writer* writer) {
  platform::set_thread_value(platform::ThreadValue::Writer, writer);
}

}  // namespace pymemflow::interpose
