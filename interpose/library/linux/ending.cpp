#include "interpose/library/ending.h"

#include <sys/mman.h>

#include <atomic>

#include "interpose/library/linux/end_stacks.h"
#include "platform/clock.h"
#include "platform/linux/held_signals.h"
#include "platform/linux/own_stack.h"
#include "platform/memory.h"
#include "platform/process.h"

namespace pymemflow::interpose {

constinit EndStacks end_stacks = {};

namespace {

// The process whose thread is at work on its end; 0: none is. A forked child may find its parent's
// here.
constinit std::atomic<std::uint32_t> ending{0};

// One thread at a time. A second one comes when the first has ended the recording, or has failed to
// execute another program.
class Turn {
 public:
  Turn() {
    const std::uint32_t process = platform::process_id();
    for (;;) {
      std::uint32_t seen = ending.load(std::memory_order_relaxed);
      if (seen == process) {
        platform::sleep_us(1000);
      } else if (ending.compare_exchange_weak(seen, process, std::memory_order_acquire)) {
        return;
      }
    }
  }
  ~Turn() { ending.store(0, std::memory_order_release); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
};

struct Call {
  void (*work)(EndKind kind);
  EndKind kind;
};

void run(void* argument) {
  const Call& call = *static_cast<const Call*>(argument);
  call.work(call.kind);
}

}  // namespace

void map_end_stacks() {
  if (end_stacks.host_top != nullptr) return;
  auto* const memory = static_cast<char*>(platform::map_private(EndStacks::kAllBytes));
  if (memory == nullptr) return;
  char* top = memory + EndStacks::kAllBytes;
  end_stacks.host_top = top;
  end_stacks.intermediate_top = top -= EndStacks::kHostBytes;
  end_stacks.reporter_top = top - EndStacks::kChildBytes;
  platform::system_call(SYS_mprotect, memory, EndStacks::kGuardBytes, PROT_NONE);
}

void run_end(EndKind kind, void (*work)(EndKind kind)) {
  const platform::HeldSignals held;
  const Turn turn;
  Call call = {work, kind};
  if (end_stacks.host_top != nullptr) {
    platform::call_on_stack(end_stacks.host_top, run, &call);
  } else {
    run(&call);
  }
}

}  // namespace pymemflow::interpose
