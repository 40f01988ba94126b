// Allocates where no Python code runs: on C threads, and from two functions that the report must
// distinguish. Built twice, the second time without a symbol table.
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default"), noinline))

// Through volatile variables, and used after: no compiler may leave a pair of calls out, nor make
// the call a jump, which would hide the function from its callee.
EXPORT void victim_global(size_t size) {
  void* volatile block = malloc(size);
  free(block);
}

static __attribute__((noinline)) void victim_static(size_t size) {
  void* volatile block = calloc(1, size);
  free(block);
}

static void* run(void* size) {
  victim_global((size_t)size);
  victim_static((size_t)size + 1);
  return NULL;
}

EXPORT int victim_threads(int count, size_t size) {
  pthread_t threads[64];
  for (int i = 0; i < count; ++i) {
    if (pthread_create(&threads[i], NULL, run, (void*)size) != 0) return -1;
  }
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
  return 0;
}

// Lets other threads run in between.
EXPORT void victim_slowly(int count, size_t size) {
  for (; count > 0; usleep(100), --count) victim_global(size);
}
