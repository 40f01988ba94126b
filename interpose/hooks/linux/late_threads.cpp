#include "interpose/hooks/late_threads.h"

#include "platform/linux/held_threads.h"

namespace pymemflow::interpose {

void hold_late_threads_during(void (*work)(EndKind kind), EndKind kind) {
  const platform::HeldThreads held;
  work(kind);
}

}  // namespace pymemflow::interpose
