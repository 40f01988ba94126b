#include "interpose/library/live.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <cstring>
#include <new>
#include <string_view>

#include "interpose/library/asked_names.h"
#include "interpose/recording/own_work.h"
#include "interpose/recording/recorder.h"
#include "interpose/recording/recording.h"
#include "platform/clock.h"
#include "platform/process.h"
#include "report/base/memory.h"
#include "report/base/private_heap.h"
#include "report/replay/live_profile.h"

namespace pymemflow::interpose::live {
namespace {

using report::LiveProfile;

// The process of the thread that asks now; 0: none does. A forked child may inherit its parent's
// number here, of a thread that the child does not have.
constinit std::atomic<std::uint32_t> asking{0};

// The replay so far, of the process `known_process`. A forked child begins a new one, and leaves
// the parent's alone, since the parent may have been changing it.
constinit LiveProfile* known = nullptr;
constinit std::uint32_t known_process = 0;
constinit bool is_out_of_memory = false;
std::jmp_buf out_of_memory;

// Held by the thread that asks; other threads wait.
class Asking {
 public:
  Asking() : process_(platform::process_id()) {
    for (;;) {
      std::uint32_t seen = asking.load(std::memory_order_relaxed);
      const bool is_free = seen == 0 || seen != process_;
      if (is_free && asking.compare_exchange_weak(seen, process_, std::memory_order_acquire)) break;
      platform::sleep_us(1000);
    }
    if (known_process == process_) return;
    known_process = process_;
    known = nullptr;
    report::forget_private_heap();
    is_out_of_memory = false;
  }
  ~Asking() { asking.store(0, std::memory_order_release); }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

 private:
  const std::uint32_t process_;
};

// Replays the events up to this stamp.
int follow(std::uint64_t stamp) {
  if (known == nullptr) {
    const CaptureFile& file = recording.destination.file;
    known = new (report::allocate(sizeof(LiveProfile)))
        LiveProfile({file.descriptor(), file.windows_descriptor()}, ask_for_names);
  }
  return known->follow(stamp).empty() ? 0 : EBADF;
}

// Calls answer(known) with the replay as of now.
template <typename Answer>
int ask(Answer answer) {
  const int saved = errno;
  if (recording.phase.load() != Phase::On) return ESRCH;
  // Reading the capture takes system calls, which the program has forbidden.
  if (recording.are_calls_forbidden.load(std::memory_order_relaxed)) return EPERM;
  if (recording.settings.mode != RecordMode::Full) return ENOTSUP;
  const Asking asking_now;
  if (is_out_of_memory) return ENOMEM;
  const std::uint64_t stamp = record_turn();
  if (stamp == 0) return recording.phase.load() == Phase::On ? EAGAIN : ESRCH;
  recording.writers.wait_for_records();
  const OwnWork own_work;
  volatile int error = ENOMEM;
  if (setjmp(out_of_memory) == 0) {
    report::set_out_of_memory([] { std::longjmp(out_of_memory, 1); });
    error = follow(stamp);
    if (error == 0) error = answer(*known);
  } else {
    // The replay may be incomplete, so it is not used again.
    is_out_of_memory = true;
  }
  report::set_out_of_memory(nullptr);
  errno = saved;
  return error;
}

}  // namespace

int outstanding(std::uint64_t* bytes, std::uint64_t* blocks) {
  return ask([=](LiveProfile& profile) {
    const report::Amount live = profile.live();
    if (bytes != nullptr) *bytes = live.bytes;
    if (blocks != nullptr) *blocks = live.blocks;
    return 0;
  });
}

int growth(const char* mark, char* text, std::size_t size, std::size_t* length) {
  return ask([=](LiveProfile& profile) {
    const report::String answer = profile.growth_since(mark);
    if (answer.empty()) return ENOENT;
    if (length != nullptr) *length = answer.size();
    if (text == nullptr || size == 0) return 0;
    const std::size_t taken = std::min(answer.size(), size - 1);
    std::memcpy(text, answer.data(), taken);
    text[taken] = '\0';
    return 0;
  });
}

}  // namespace pymemflow::interpose::live
