// The hook of pthread_setname_np(), by which programs name their threads. The name that a thread
// gives itself by prctl() is noticed in seccomp.cpp.

#include "interpose/hooks/linux/thread_names.h"

#include <pthread.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "interpose/originals/originals.h"
#include "interpose/recording/blocks/definitions.h"
#include "interpose/recording/blocks/thread_names.h"
#include "interpose/recording/recorder.h"
#include "platform/errno_keeper.h"
#include "platform/threads.h"

namespace pymemflow::interpose {
namespace {

// Takes the writer of this thread. Null if it has none, as in a forked child at first: its name is
// recorded with its first event then.
Entry enter_as_known() {
  if (recording.phase.load(std::memory_order_acquire) != Phase::On) return {};
  const std::uint64_t turn = recording.fork_sensitive->turn.load(std::memory_order_relaxed);
  const bool is_known = writer_of(turn) != kNobody && this_writer() != nullptr;
  return is_known ? enter(Entering::Mark) : Entry{};
}

// The name of another thread. One that has not recorded anything yet looks for its own name then.
void record_name(std::uintptr_t self, std::string_view name) {
  const platform::ErrnoKeeper keeper;
  const Entry entry = enter_as_known();
  if (entry.writer == nullptr) return;
  std::uint32_t thread = 0;
  std::uint64_t stamp = 0;
  recording.writers.for_each([&](Writer& writer) {
    stamp = std::max(stamp, std::atomic_ref(writer.stamp).load(std::memory_order_relaxed));
    const std::uint32_t owner = writer.owner.load(std::memory_order_relaxed);
    const bool is_it = owner != 0 && writer.self.load(std::memory_order_relaxed) == self;
    // A thread that has ended may have been at the same address.
    if (is_it && platform::is_thread_alive(recording.destination.process, owner)) thread = owner;
  });
  // Where the file cannot grow, the next record fails.
  if (thread != 0) {
    static_cast<void>(define_thread_name(entry.writer->definitions, thread, stamp, name));
  }
  leave(entry);
}

}  // namespace

void record_own_name() {
  const platform::ErrnoKeeper keeper;
  const Entry entry = enter_as_known();
  if (entry.writer == nullptr) return;
  Writer& writer = *entry.writer;
  static_cast<void>(define_own_name(writer.definitions,
                                    writer.owner.load(std::memory_order_relaxed), writer.stamp,
                                    writer.defined_name));
  leave(entry);
}

}  // namespace pymemflow::interpose

using namespace pymemflow;
using namespace pymemflow::interpose;

PMF_HOOK(int, pthread_setname_np)(pthread_t thread, const char* name) noexcept {
  const int error = real.pthread_setname_np(thread, name);
  if (error != 0) return error;
  if (::pthread_equal(thread, ::pthread_self()) != 0) {
    record_own_name();
  } else {
    record_name(thread, {name, ::strnlen(name, kMaxThreadName)});
  }
  return error;
}
