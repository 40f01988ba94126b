#include "interpose/recording/recording.h"

#include <algorithm>
#include <cerrno>

#include "interpose/recording/blocks/metadata.h"
#include "interpose/recording/blocks/process_map.h"
#include "interpose/recording/call_site.h"
#include "interpose/recording/window.h"
#include "platform/clock.h"
#include "platform/memory.h"
#include "platform/process.h"
#include "platform/signal_guard.h"
#include "platform/thread_values.h"
#include "platform/threads.h"
#include "pyframe/code_death.h"
#include "pyframe/self_check.h"

namespace pymemflow::interpose {

constinit Recording recording;

namespace {

// Sets up the parts of the recording that belong to one process. Returns 0 or an error number.
int set_up_process(OldMemory old_memory) {
  recording.destination.process = platform::process_id();
  recording.process_namespace = platform::process_namespace();
  recording.failure.store(0, std::memory_order_relaxed);
  recording.not_probed.store(0, std::memory_order_relaxed);
  recording.python_ran.store(false, std::memory_order_relaxed);
  const bool keeps_old = old_memory == OldMemory::Keep;
  recording.writers.for_each([keeps_old](Writer& writer) {
    if (keeps_old) {
      leave_blocks(recording.destination, writer);
    } else {
      unmap_blocks(recording.destination, writer);
      unmap(writer.stack);
    }
  });
  recording.sites.clear(keeps_old);
  recording.stacks.clear(keeps_old);
  if (keeps_old) {
    recording.stripes = static_cast<Stripe*>(platform::map_private(kStripeTableBytes));
    if (recording.stripes == nullptr) return ENOMEM;
  } else {
    platform::empty_private(recording.stripes, kStripeTableBytes);
  }
  recording.started_ns = platform::monotonic_ns();
  if (!recording.writers.create(keeps_old)) return ENOMEM;
  if (const int error = recording.destination.file.create(
          recording.settings, recording.destination.process, recording.is_forked_child)) {
    return error;
  }
  // A forked child has its parent's: its reading would be that of the parent.
  if (recording.settings.mode != RecordMode::Sums) recording.resident.open();
  recording.metadata_blocks =
      write_metadata(recording.destination, recording.interpreter, recording.settings);
  return 0;
}

// Returns the number of blocks that hold the given number of bytes in addition to the current
// window.
std::uint32_t ring_blocks_for(std::uint64_t bytes) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 24;
  return static_cast<std::uint32_t>(std::min((bytes - 1) / kBlockBytes + 2, kMost));
}

// Stores the phase before it opens the gate, so that a hook never finds the gate open before the
// recording is ready.
void set_phase(Phase phase) {
  recording.phase.store(phase, std::memory_order_release);
  const bool is_open = phase == Phase::On || phase == Phase::Failed;
  recording.gate.store(is_open ? recording.destination.file.control_word() : &shut_gate,
                       std::memory_order_release);
}

void open_for_events() {
  ForkSensitive& shared = *recording.fork_sensitive;
  shared.turn.store(kNobody, std::memory_order_relaxed);
  // Paired with the acquire in is_new_process() of the recorder.
  shared.initialized.store(kReady, std::memory_order_release);
  set_phase(Phase::On);
}

void tell_of_child(int error) {
  if (recording.on_forked_child != nullptr) recording.on_forked_child(error);
}

// The end of the recording has removed NAME.windows: without it a kill would cost the latest
// events.
void restore_windows() {
  CaptureFile& file = recording.destination.file;
  if (!file.is_windows_name_removed()) return;
  // Nobody may write to a window while it is mapped again.
  recording.writers.wait_for_records();
  bool is_made = file.begin_new_windows();
  for (const auto step : {&CaptureFile::reserve_again, &CaptureFile::map_again}) {
    is_made = is_made && file.visit_spare_blocks(step);
    recording.writers.for_each([&](Writer& writer) {
      is_made = is_made && visit_areas(recording.destination, writer, step);
    });
  }
  if (is_made) {
    file.use_new_windows();
  } else {
    file.drop_new_windows();
  }
}

// Called when a code object is freed, with the GIL held and outside the allocator. This happens
// from the start of the interpreter on, since the code of each module is freed once it has run. So
// it is also the time to check that frames are read correctly.
void on_code_death(const void* code) {
  if (!pyframe::check_at_start(recording.interpreter, {platform::thread_self()})) {
    recording.sites.forget_remembered();
  }
  recording.sites.forget(code);
  if (recording.on_code_death != nullptr) recording.on_code_death();
}

}  // namespace

int start_recording(const pyframe::Interpreter& interpreter, const CaptureSettings& settings,
                    const ProbeUse& probes) {
  platform::make_thread_values();
  platform::find_quick_clock();
  recording.interpreter = interpreter;
  recording.settings = settings;
  recording.destination.mode = settings.mode;
  recording.destination.site_numbers =
      settings.has_domains ? SiteNumbers::WithDomain : SiteNumbers::Plain;
  recording.short_sites = short_sites(recording.destination.site_numbers);
  recording.destination.on_failure = fail_recording;
  recording.destination.is_new_process = [] {
    const auto& state = recording.fork_sensitive->initialized;
    return state.load(std::memory_order_acquire) == kNewProcess;
  };
  recording.probes = probes;
  recording.max_stack = settings.max_stack;
  recording.has_native_frames = settings.max_stack != 0 && settings.has_native_frames;
  if (recording.has_native_frames) {
    recording.is_evaluation_marked = prepare_native_stacks(interpreter);
  }
  if (settings.mode == RecordMode::Ring) {
    recording.destination.ring_blocks = ring_blocks_for(settings.ring_bytes);
  }
  collect_metadata();
  recording.fork_sensitive =
      static_cast<ForkSensitive*>(platform::map_zero_in_child(kFileAlignment));
  if (recording.fork_sensitive == nullptr) return ENOMEM;
  recording.fork_sensitive->initialized.store(kBeingSetUp, std::memory_order_relaxed);
  if (const int error = set_up_process(OldMemory::Keep)) return error;
  pyframe::notice_code_deaths(interpreter, on_code_death);
  open_for_events();
  return 0;
}

void fail_recording(int error) {
  Phase expected = Phase::On;
  recording.failure.store(error, std::memory_order_relaxed);
  recording.phase.compare_exchange_strong(expected, Phase::Failed, std::memory_order_relaxed);
  recording.fork_sensitive->turn.store(kClosed, std::memory_order_relaxed);
}

bool set_paused(bool is_paused) {
  if (recording.phase.load(std::memory_order_acquire) != Phase::On) return false;
  if (is_paused) recording.destination.file.note_unseen(Unseen::Stopped);
  std::atomic_ref(*recording.destination.file.control_word()).store(is_paused ? 1 : 0);
  return true;
}

bool is_paused() {
  std::uint32_t* const gate = recording.gate.load(std::memory_order_acquire);
  return gate != &shut_gate && std::atomic_ref(*gate).load(std::memory_order_relaxed) != 0;
}

bool end_recording(EndKind kind) {
  const Phase before = recording.phase.load(std::memory_order_relaxed);
  if (before != Phase::On && before != Phase::Failed) return false;
  // A forked child that recorded nothing has no recording of its own.
  if (recording.fork_sensitive->initialized.load(std::memory_order_acquire) != kReady) return false;
  recording.phase_before_end = before;
  set_phase(Phase::Ended);
  // Keeps the stamp for resume_recording().
  std::atomic<std::uint64_t>& turn = recording.fork_sensitive->turn;
  recording.writer_before_end = writer_of(turn.fetch_or(kClosed, std::memory_order_relaxed));
  if (recording.settings.has_process_map && before == Phase::On) {
    recording.metadata_blocks += write_process_map(
        recording.destination, recording.metadata_blocks, [](VisitThread visit, void* context) {
          recording.writers.for_each([&](Writer& writer) { visit(writer.thread.self, context); });
        });
  }
  std::uint64_t last_numbers = recording.metadata_blocks;
  recording.writers.for_each(
      [&last_numbers](Writer& writer) { last_numbers += close_blocks(writer); });
  const int failure = recording.failure.load(std::memory_order_relaxed);
  recording.failure.store(recording.destination.file.end(kind, failure, last_numbers),
                          std::memory_order_relaxed);
  return true;
}

void resume_recording() {
  recording.destination.file.reopen();
  restore_windows();
  recording.writers.for_each(reopen_blocks);
  set_phase(recording.phase_before_end);
  if (recording.phase_before_end != Phase::On) return;
  std::atomic<std::uint64_t>& turn = recording.fork_sensitive->turn;
  // A shared turn stays one. Otherwise the next writer takes the turn.
  const bool was_shared = recording.writer_before_end == kShared;
  turn.fetch_and(~std::uint64_t{kClosed} | (was_shared ? kShared : kNobody),
                 std::memory_order_relaxed);
}

bool is_own_descriptor(int number) {
  if (recording.destination.file.is_own_descriptor(number)) return true;
  const bool is_known = number >= 0 && number == recording.resident.descriptor();
  // After a filter of system calls the file cannot be identified.
  return is_known && (recording.are_calls_forbidden.load(std::memory_order_relaxed) ||
                      recording.resident.is_open());
}

bool is_recording_process() {
  if (platform::permitted_process_id() != recording.destination.process) return false;
  const std::uint64_t own = platform::process_namespace();
  return own == 0 || recording.process_namespace == 0 || own == recording.process_namespace;
}

bool record_in_memory_alone() {
  CaptureFile& file = recording.destination.file;
  if (file.name()[0] == '\0' || !file.map_spare_blocks()) return false;
  file.use_spare_blocks(true);
  file.set_end_unseen(true);
  recording.are_calls_forbidden.store(true);
  // Threads that are in the middle of a record may be about to make a call.
  recording.writers.wait_for_records();
  platform::forbid_system_calls(true);
  return true;
}

void record_with_calls() {
  platform::forbid_system_calls(false);
  recording.are_calls_forbidden.store(false);
  recording.destination.file.use_spare_blocks(false);
  recording.destination.file.set_end_unseen(false);
}

void count_alone() {
  recording.are_calls_forbidden.store(true, std::memory_order_relaxed);
  platform::forbid_system_calls(true);
  recording.destination.file.set_end_unseen(true);
  recording.destination.file.reopen_in_memory();
  set_phase(Phase::Failed);
}

bool become_new_process(OldMemory old_memory) {
  if (recording.are_calls_forbidden.load(std::memory_order_relaxed)) {
    set_phase(Phase::Off);
    tell_of_child(kForbidden);
    return false;
  }
  const platform::SignalGuard no_handler;
  ForkSensitive& shared = *recording.fork_sensitive;
  std::uint32_t expected = kNewProcess;
  if (!shared.initialized.compare_exchange_strong(expected, kBeingSetUp,
                                                  std::memory_order_acquire)) {
    return expected == kReady;  // another thread of the child set it up, or is doing so now
  }
  recording.is_forked_child = true;
  if (const int error = set_up_process(old_memory)) {
    recording.failure.store(error, std::memory_order_relaxed);
    set_phase(Phase::Off);
    tell_of_child(error);
    return false;
  }
  open_for_events();
  tell_of_child(0);
  return true;
}

}  // namespace pymemflow::interpose
