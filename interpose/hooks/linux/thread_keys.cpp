// The hook of pthread_key_delete(): the interpreter's key may be read without a call only as long
// as it exists (pyframe/own_state.h). The interpreter deletes it at its end, and in a forked child.
//
// Its end may come while frames run (Py_Exit() in an extension). It deletes the key before the
// thread states, on the same thread. So that thread's state is forgotten as well, since its frames
// may be freed next.

#include <pthread.h>

#include "interpose/originals/originals.h"
#include "interpose/recording/recording.h"
#include "interpose/recording/writer.h"
#include "platform/here.h"

using namespace pymemflow;
using namespace pymemflow::interpose;

PMF_HOOK(int, pthread_key_delete)(pthread_key_t key) noexcept {
  pyframe::OwnState& own = recording.interpreter.own_state;
  pyframe::forget_key(own, key);
  const int error = real.pthread_key_delete(key);
  // Again, since another thread may have found the key in between.
  pyframe::forget_key(own, key);
  if (Writer* const writer = this_writer()) pyframe::forget_state(writer->thread);
  return error;
}
