// Looks like a CPython of an unknown version: exports its version, and that Python runs here. As in
// CPython 2.7, the getter of the thread state takes a lock that a caller of malloc() may hold:
// asked by a hook, it would wait forever. UNKNOWN_PYTHON is the version; the default is one to
// come.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t keys = PTHREAD_MUTEX_INITIALIZER;

const char* Py_GetVersion(void) {
  static char text[128];
  const char* const given = getenv("UNKNOWN_PYTHON");
  snprintf(text, sizeof text, "%s (main, Jan  1 2040, 00:00:00) [GCC 40.1.0]",
           given != NULL ? given : "3.99.7");
  return text;
}

int Py_IsInitialized(void) {
  return 1;
}

void* PyGILState_GetThisThreadState(void) {
  static char state[4096];
  pthread_mutex_lock(&keys);
  pthread_mutex_unlock(&keys);
  return state;
}

__attribute__((noinline)) void* allocate(size_t bytes) {
  pthread_mutex_lock(&keys);
  void* volatile block = malloc(bytes);  // a call from here, not a jump
  pthread_mutex_unlock(&keys);
  return block;
}

int main(void) {
  for (int i = 0; i < 10; ++i) free(allocate(700));
  puts("done");
  return 5;
}
