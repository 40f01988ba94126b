#include "interpose/recording/probe_handlers.h"

#include <atomic>

#include "interpose/originals/originals.h"
#include "interpose/recording/probe_arena.h"
#include "interpose/recording/recorder.h"
#include "pyframe/tracing/probe_memory.h"

namespace pymemflow::interpose {
namespace {

// --- blocks that were made for a probe -----------------------------------------------------------

// Removes the last record of this writer if it recorded the block that holds the object.
void on_made_for_probe(const void* object) {
  Writer* const writer = this_writer();
  if (writer == nullptr) return;
  ProbeState& probe = writer->probe;
  const ProbeState::Handed last = probe.latest[0];
  const std::uint64_t offset = reinterpret_cast<std::uintptr_t>(object) - last.address;
  if (last.record == nullptr || offset >= last.bytes) return;
  if (writer->position != last.end || writer->window->number != last.block) return;
  // Clears the first word first, so that a concurrent reader never sees half of a record.
  for (Word* word = last.record; word != last.end; ++word) {
    std::atomic_ref(*word).store(0, std::memory_order_release);
  }
  writer->position = last.record;
  probe.latest[0] = probe.latest[1];
  probe.latest[1] = {};
  probe.made[probe.next_made++ % ProbeState::kMaxMade] = last.address;
}

// --- events of the probes ------------------------------------------------------------------------

void on_probe(pyframe::Probe probe, const pyframe::Position& position, const void* caller) {
  Writer* const known = this_writer();
  Writer* const writer = known != nullptr ? known : require_own_writer();
  if (writer == nullptr) [[unlikely]]
    return;
  // The probes during a pause are not recorded, so the last one is unknown after it.
  if (is_paused()) {
    writer->probe.last = {};
    return;
  }
  pyframe::LastProbe& last = writer->probe.last;
  if (probe == pyframe::Probe::Return) {
    last = {.cleared = caller};
  } else {
    last = {.named = position};
  }
  if (!recording.probes.call_stack || probe == pyframe::Probe::Line) return;
  record_probe(probe == pyframe::Probe::Entry ? EventKind::Entered : EventKind::Left, position);
}

void begin_own_work() {
  Writer* const writer = require_own_writer();
  if (writer == nullptr) return;
  writer->probe.is_own_work = true;
  writer->state.store(WriterState::Ignoring, std::memory_order_relaxed);
}

void end_own_work() {
  Writer* const writer = this_writer();
  if (writer == nullptr || !writer->probe.is_own_work) return;
  writer->probe.is_own_work = false;
  writer->state.store(WriterState::Idle, std::memory_order_relaxed);
}

void set_binding(bool is_binding) {
  Writer* const writer = this_writer();
  if (writer != nullptr) writer->probe.is_binding = is_binding;
}

// --- the originals, after the arena --------------------------------------------------------------

constinit Originals behind{};

bool is_memory_for_probes(std::size_t bytes) {
  Writer* const writer = this_writer();
  if (writer == nullptr || recording.phase.load(std::memory_order_relaxed) == Phase::Ended) {
    return false;
  }
  ProbeState& probe = writer->probe;
  // Only once: making the object may start the garbage collector, which may run any code.
  if (probe.is_binding && pyframe::is_bound_method(bytes)) return !(probe.is_binding = false);
  return probe.is_own_work ||
         pyframe::is_memory_for_probes(recording.interpreter, writer->thread, bytes);
}

void* allocate(std::size_t size) noexcept {
  if (is_memory_for_probes(size)) {
    if (void* const block = probe_arena::allocate(size)) return block;
  }
  return behind.malloc(size);
}

void release(void* block) noexcept {
  if (probe_arena::owns(block)) {
    probe_arena::release(block);
  } else {
    behind.free(block);
  }
}

void* allocate_zeros(std::size_t count, std::size_t size) noexcept {
  std::size_t bytes;
  if (!__builtin_mul_overflow(count, size, &bytes) && is_memory_for_probes(bytes)) {
    if (void* const block = probe_arena::allocate(bytes)) return __builtin_memset(block, 0, bytes);
  }
  return behind.calloc(count, size);
}

void* reallocate(void* block, std::size_t size) noexcept {
  if (!probe_arena::owns(block)) return behind.realloc(block, size);
  void* const moved = allocate(size);
  if (moved == nullptr) return nullptr;
  const std::size_t held = probe_arena::usable_size(block);
  __builtin_memcpy(moved, block, held < size ? held : size);
  probe_arena::release(block);
  return moved;
}

std::size_t usable_size(platform::AskedBlock block) noexcept {
  return probe_arena::owns(block) ? probe_arena::usable_size(block) : behind.PMF_USABLE_SIZE(block);
}

void put_arena_in_front() {
  behind = real;
  real.malloc.function = allocate;
  real.free.function = release;
  real.calloc.function = allocate_zeros;
  real.realloc.function = reallocate;
  real.PMF_USABLE_SIZE.function = usable_size;
}

}  // namespace

bool start_probes(const pyframe::Interpreter& interpreter, const ProbeUse& use) {
  // Without a known interpreter, events have no frame; probes would not change that.
  if (!use || !pyframe::is_known(interpreter)) return true;
  if (!probe_arena::create()) return false;
  if (!pyframe::install_probes(
          interpreter, {on_probe, on_made_for_probe, begin_own_work, end_own_work, set_binding},
          use.call_stack)) {
    return false;
  }
  put_arena_in_front();
  return true;
}

}  // namespace pymemflow::interpose
