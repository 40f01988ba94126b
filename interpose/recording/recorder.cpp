#include "interpose/recording/recorder.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "interpose/originals/originals.h"
#include "interpose/recording/blocks/thread_names.h"
#include "interpose/recording/window.h"
#include "platform/clock.h"
#include "platform/errno_keeper.h"
#include "platform/signal_guard.h"
#include "platform/threads.h"

namespace pymemflow::interpose {

namespace {

bool is_new_process() {
  return recording.fork_sensitive->initialized.load(std::memory_order_acquire) != kReady;
}

// Records the thread that uses the writer from here on. The record is among the events, since it
// applies to those that follow.
bool write_thread(Writer& writer, std::uint32_t thread) {
  if (make_room(writer, 1) == nullptr) return false;
  commit(writer, extended_head(ExtendedKind::Thread, 1, thread), 1);
  return true;
}

// The frames of its last owner mean nothing to this thread. False: no memory.
bool prepare_stack(Writer& writer) {
  if (recording.max_stack == 0) return true;
  if (writer.stack == nullptr) {
    writer.stack = make_thread_stack(recording.max_stack, recording.has_native_frames);
  }
  if (writer.stack == nullptr) return false;
  writer.stack->forget_thread();
  return true;
}

// Defines the name of this thread if it is new. Where the file cannot grow, the next record fails.
void note_own_name(Writer& writer) {
  static_cast<void>(define_own_name(writer.definitions,
                                    writer.owner.load(std::memory_order_relaxed), writer.stamp,
                                    writer.defined_name));
}

// Takes a writer that is free, or whose thread has ended, for this thread.
Writer* acquire_writer() {
  if (recording.are_calls_forbidden.load(std::memory_order_relaxed)) return nullptr;
  const std::uint32_t thread = platform::thread_id();
  Writer* const writer = recording.writers.acquire(recording.destination.process, thread);
  if (writer == nullptr) return nullptr;
  writer->state.store(WriterState::Writing, std::memory_order_relaxed);
  writer->thread = pyframe::this_thread(recording.interpreter, platform::thread_self());
  writer->probe = {};
  writer->self.store(writer->thread.self, std::memory_order_relaxed);
  if (!prepare_stack(*writer)) {
    WriterPool::release(*writer);
    return nullptr;
  }
  if (writer->window == nullptr) {
    if (const int error = make_window(recording.destination, *writer)) {
      WriterPool::release(*writer);
      fail_recording(error);
      return nullptr;
    }
  }
  if (ensure_turn(*writer, 0) && write_thread(*writer, thread)) {
    note_own_name(*writer);
    return writer;
  }
  WriterPool::release(*writer);
  return nullptr;
}

// The address of the block that a call releases or hands out.
std::uint64_t address_of(const Call& call) {
  const bool is_release = traits(call.function).effect == Effect::Release;
  return is_release ? call.arguments[0] : call.result;
}

bool is_for_probes(Writer& writer, const Call& call) {
  const bool is_release = traits(call.function).effect == Effect::Release;
  return is_for_probes(writer, address_of(call), is_release);
}

// `number`: the site, or what stands for it.
bool write_short_call(Writer& writer, const Call& call, SiteId number) {
  const Function function = c_function_of(call.function);
  const Domain domain = domain_of(call.function);
  if (domain != Domain::C && recording.destination.site_numbers == SiteNumbers::Plain) return false;
  const SiteId site = short_number(number, domain);
  if (function == Function::malloc && fits(call.result, number)) {
    Word* const record = make_room(writer, 2);
    if (record == nullptr) return false;
    if (recording.probes) {
      // Does not use the short form for a repeated size, since the record may be removed again.
      record[1] = call.arguments[0];
      commit(writer, short_head(RecordKind::Malloc, call.result, site), 2);
      note_recorded(writer, record, call.result, call.arguments[0]);
    } else {
      put_malloc(writer, site, call.arguments[0], call.result);
    }
    return true;
  }
  if (function == Function::free && fits(call.arguments[0], number)) {
    if (make_room(writer, 1) == nullptr) return false;
    commit(writer, short_head(RecordKind::Free, call.arguments[0], site), 1);
    return true;
  }
  const bool are_small = (call.arguments[0] | call.arguments[1]) >> 32 == 0;
  if (function == Function::calloc && are_small && fits(call.result, number)) {
    Word* const record = make_room(writer, 2);
    if (record == nullptr) return false;
    record[1] = pair(static_cast<std::uint32_t>(call.arguments[0]),
                     static_cast<std::uint32_t>(call.arguments[1]));
    commit(writer, short_head(RecordKind::Calloc, call.result, site), 2);
    return true;
  }
  return false;
}

bool write_call(Writer& writer, const Call& call, SiteId site) {
  if (write_short_call(writer, call, site)) return true;
  const FunctionTraits& function = traits(call.function);
  const std::size_t words = call_words(function);
  Word* record = make_room(writer, words);
  if (record == nullptr) return false;
  ++record;
  for (std::size_t i = 0; i < function.arguments.size(); ++i) *record++ = call.arguments[i];
  if (function.effect != Effect::Release) *record = call.result;
  commit(writer, call_head(call.function, site), words);
  return true;
}

// Records the resident set, where that is known and there is room. Costs one read of a file that is
// open. Sums have no place for it.
void record_resident(Writer& writer, const platform::HeapState& heaps = {}) {
  if (recording.destination.mode == RecordMode::Sums) return;
  const std::uint64_t resident = recording.resident.bytes();
  if (resident == 0) return;
  const bool has_heaps = heaps.bytes != 0;
  if (has_heaps) {
    writer.position[1] = heaps.bytes;
    writer.position[2] = heaps.free_bytes;
  }
  const std::size_t words = has_heaps ? kMaxMemoryWords : kMemoryWords;
  commit(writer, memory_head(resident, words), words);
}

// Starts the recording of a forked child. Returns null if it cannot record.
Writer* begin_new_process() {
  const Writer* const parents = this_writer();
  const bool is_known = parents != nullptr;
  const pyframe::LastProbe last = is_known ? parents->probe.last : pyframe::LastProbe{};
  const bool was_idle = is_known && is_idle(parents->state.load(std::memory_order_relaxed));
  set_this_writer(nullptr);
  if (!become_new_process(was_idle ? OldMemory::GiveBack : OldMemory::Keep)) return nullptr;
  Writer* const own = acquire_writer();
  set_this_writer(own);
  // The child continues at the position of its parent.
  if (own != nullptr && is_known) own->probe.last = last;
  return own;
}

// Takes a writer for this thread, which has none or, with `is_borrowed`, is in the middle of a
// record.
Entry enter_with_new_writer(bool is_borrowed) {
  const platform::SignalGuard no_handler;
  // A handler may have forked since enter() looked.
  const bool is_borrowing = is_borrowed && !is_new_process();
  Writer* const writer = is_new_process() ? begin_new_process() : acquire_writer();
  if (!is_borrowing) set_this_writer(writer);
  return {.writer = writer, .is_borrowed = is_borrowing, .is_lost = writer == nullptr};
}

// Writes the time to the record, and makes room up to the next clock reading.
void read_clock(Writer& writer, Word* end) {
  // A probe may take back the record that was written last, so nothing may come in between. Sums
  // have no time.
  if (recording.probes || recording.destination.mode == RecordMode::Sums) {
    writer.end = end;
    return;
  }
  const std::uint64_t now = platform::quick_monotonic_ns();
  const std::uint64_t units = (now - writer.window->opened_ns) >> kClockShift;
  if (units >> 32 == 0) {
    commit(writer, extended_head(ExtendedKind::Clock, 1, static_cast<std::uint32_t>(units)), 1);
  } else {
    writer.position[1] = now;
    commit(writer, extended_head(ExtendedKind::Clock, kMaxClockWords, 0), kMaxClockWords);
  }
  writer.end = std::min(writer.position + kClockDistance, end);
  advance_epoch(writer, now);
}

}  // namespace

void count_lost(Writer* writer) {
  const Phase phase = recording.phase.load(std::memory_order_relaxed);
  if (phase == Phase::Ended || is_paused()) return;
  // The file is the parent's.
  if (is_new_process()) return;
  if (writer != nullptr && writer->window != nullptr) {
    ++writer->window->lost;
  } else {
    recording.destination.file.count_lost();
  }
}

Entry enter(Entering what) {
  const Phase phase = recording.phase.load(std::memory_order_acquire);
  if (phase == Phase::Off || phase == Phase::Ended) return {};
  if (what != Entering::Mark && is_paused()) return {};
  if (is_new_process()) {
    Writer* const writer = begin_new_process();
    return {.writer = writer, .is_lost = writer == nullptr};
  } else if (phase == Phase::Failed) {
    return {.is_lost = true};
  }
  Writer* const writer = this_writer();
  if (writer == nullptr) return enter_with_new_writer(false);
  switch (writer->state.load(std::memory_order_relaxed)) {
    case WriterState::Idle:
    case WriterState::IdleWithStack:
      writer->state.store(WriterState::Writing, std::memory_order_relaxed);
      std::atomic_signal_fence(std::memory_order_seq_cst);
      return {.writer = writer};
    case WriterState::Writing:
      // A signal handler that interrupted the recorder records as another thread would.
      return enter_with_new_writer(true);
    case WriterState::InDomain:
    case WriterState::Moving:
      // Another writer, since this one may have to keep its place.
      if (what == Entering::Mapping) return enter_with_new_writer(true);
      break;
    case WriterState::Ignoring:
      break;  // a call inside the original: part of the call that is being recorded
  }
  return {};
}

void leave(const Entry& entry) {
  end_any_record(*entry.writer);
  if (entry.is_borrowed) WriterPool::release(*entry.writer);
}

Word* make_room(Writer& writer, std::size_t words) {
  if (writer.position + words <= writer.end) return writer.position;
  Word* const end = records_of(writer.window) + kBlockWords;
  if (writer.position + kMaxClockWords + words <= end) {
    read_clock(writer, end);
    return writer.position;
  }
  if (writer.position + words > end) {
    if (!change_block(recording.destination, writer)) return nullptr;
    advance_epoch(writer, writer.window->opened_ns);
    repeat_epoch(writer);
    record_resident(writer);
    note_own_name(writer);
  } else {
    writer.end = end;
  }
  return writer.position;
}

void record_call(const Call& call) {
  const platform::ErrnoKeeper keeper;
  const Entry entry = enter();
  if (entry.is_lost) count_lost(nullptr);
  if (entry.writer == nullptr) return;
  Writer& writer = *entry.writer;
  if (recording.probes && is_for_probes(writer, call)) {
    leave(entry);
    return;
  }
  const CallSite site = require_call_site(writer, traits(call.function).effect, call.caller);
  const bool is_recorded = site.is_known() && ensure_turn(writer, address_of(call)) &&
                           make_room_for_use(writer, site, kMaxCallWords) &&
                           write_call(writer, call, use_in_block(writer, site));
  if (!is_recorded) count_lost(&writer);
  leave(entry);
}

void record_probe(EventKind kind, const pyframe::Position& position) {
  const platform::ErrnoKeeper keeper;
  const Entry entry = enter();
  if (entry.is_lost) count_lost(nullptr);
  if (entry.writer == nullptr) return;
  Writer& writer = *entry.writer;
  const SiteId site = require_python_site(writer, position);
  const bool is_recorded =
      site != kNoSite && ensure_turn(writer, 0) && make_room(writer, 1) != nullptr;
  if (is_recorded) {
    commit(writer, probe_head(kind, site), 1);
  } else {
    count_lost(&writer);
  }
  leave(entry);
}

bool record_named_mark(std::string_view name, const platform::HeapState& heaps) {
  const platform::ErrnoKeeper keeper;
  const Entry entry = enter(Entering::Mark);
  if (entry.writer == nullptr) return false;
  Writer& writer = *entry.writer;
  const std::size_t words = mark_words(name.size());
  const bool is_recorded =
      take_cut(writer) != 0 && make_room(writer, kMaxMemoryWords + words) != nullptr;
  if (is_recorded) {
    record_resident(writer, heaps);
    writer.position[1] = platform::monotonic_ns();
    std::memcpy(writer.position + 2, name.data(),
                name.size());  // behind what was written are zeros
    commit(writer, mark_head(name.size()), words);
  }
  leave(entry);
  return is_recorded;
}

std::uint64_t record_turn() {
  const platform::ErrnoKeeper keeper;
  const Entry entry = enter(Entering::Mark);
  if (entry.writer == nullptr) return 0;
  const std::uint64_t stamp = take_cut(*entry.writer);
  leave(entry);
  return stamp;
}

bool require_own_recording() {
  const platform::ErrnoKeeper keeper;
  const Phase phase = recording.phase.load(std::memory_order_acquire);
  if (phase != Phase::On) return false;
  if (!is_new_process()) return true;
  Writer* const writer = begin_new_process();
  if (writer == nullptr) return false;
  end_any_record(*writer);
  return true;
}

Writer* require_own_writer() {
  if (Writer* const writer = this_writer()) return writer;
  const platform::ErrnoKeeper keeper;
  const Entry entry = enter();
  if (entry.writer != nullptr) leave(entry);
  return this_writer();
}

MoveRecord::MoveRecord(Function function, const void* old, const void* caller)
    : function_(function) {
  const platform::ErrnoKeeper keeper;
  const Entry entry = enter();
  if (entry.is_lost) count_lost(nullptr);
  if (entry.writer == nullptr) return;
  Writer& writer = *entry.writer;
  const CallSite site = require_call_site(writer, Effect::Move, caller);
  // Includes room for a stamp, so that finish() never has to change the block.
  constexpr std::size_t kWords = kMaxCallWords + kMoveEndWords;
  const bool has_turn = site.is_known() && turns_.begin(writer, number(old));
  if (!has_turn || !make_room_for_use(writer, site, kWords) ||
      make_room(writer, kWords) == nullptr) {
    turns_.give_up();
    count_lost(&writer);
    leave(entry);
    return;
  }
  site_ = use_in_block(writer, site);
  writer_ = &writer;
  is_borrowed_ = entry.is_borrowed;
  // If originals call no other hooked function, only a signal handler can call a hook before
  // finish(). It must find the state Writing.
  if (domain_of(function) != Domain::C) {
    writer.state.store(WriterState::Moving, std::memory_order_relaxed);
  } else if (originals_are_nested) {
    writer.state.store(WriterState::Ignoring, std::memory_order_relaxed);
  }
}

void MoveRecord::finish(std::initializer_list<std::uint64_t> arguments, const void* result) {
  if (writer_ == nullptr) return;
  const platform::ErrnoKeeper keeper;
  writer_->state.store(WriterState::Writing, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  Word* record = writer_->position + 1;
  for (const std::uint64_t argument : arguments) *record++ = argument;
  *record = reinterpret_cast<std::uintptr_t>(result);
  commit(*writer_, call_head(function_, site_), call_words(traits(function_)));
  if (turns_.end(*writer_, number(result))) {
    // Other threads have recorded since. One of them may have freed the block that this call got.
    writer_->position[1] = writer_->stamp;
    commit(*writer_, kMoveEndHead, kMoveEndWords);
  }
  leave({.writer = writer_, .is_borrowed = is_borrowed_});
}

}  // namespace pymemflow::interpose
