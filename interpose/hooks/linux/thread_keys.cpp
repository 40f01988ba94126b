// The hook of pthread_key_delete(): the interpreter's key may be read without a call only as long
// as it exists (pyframe/own_state.h). The interpreter deletes it at its end, and in a forked child.

#include <pthread.h>

#include "interpose/originals/originals.h"
#include "interpose/recording/recording.h"
#include "platform/here.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

PMF_HOOK(int, pthread_key_delete)(pthread_key_t key) noexcept {
  pyframe::OwnState& own = recording.interpreter.own_state;
  pyframe::forget_key(own, key);
  const int error = real.pthread_key_delete(key);
  // Again, since another thread may have found the key in between.
  pyframe::forget_key(own, key);
  return error;
}
