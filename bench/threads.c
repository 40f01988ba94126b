/* Threads that allocate and free without the GIL: the work of bench/threads. Each thread has 500
 * blocks; some of them are exchanged with blocks of other threads. bench/threads.py calls it. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

enum { kBlocks = 500, kSlots = 4096, kMaxThreads = 64 };

struct work {
  uint64_t state;
  long rounds;
  int exchanged; /* of 1000 rounds */
};

static _Atomic(void*) slots[kSlots];

static uint64_t next_random(struct work* work) {
  work->state ^= work->state << 13;
  work->state ^= work->state >> 7;
  work->state ^= work->state << 17;
  return work->state;
}

static void* run(void* argument) {
  struct work* const work = argument;
  void* blocks[kBlocks] = {0};
  for (long round = 0; round < work->rounds; ++round) {
    const uint64_t random = next_random(work);
    void** const block = &blocks[random % kBlocks];
    if ((int)(random >> 20 & 1023) < work->exchanged) {
      *block = atomic_exchange(&slots[(random >> 32) % kSlots], *block);
    }
    free(*block);
    *block = malloc(16 + (random >> 44) % 500);
  }
  for (int i = 0; i < kBlocks; ++i) free(blocks[i]);
  return NULL;
}

/* Returns the time in seconds that `threads` threads take for `events` calls in all. */
double run_threads(int threads, long events, int exchanged) {
  static struct work works[kMaxThreads];
  pthread_t ids[kMaxThreads];
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int i = 0; i < threads; ++i) {
    works[i] =
        (struct work){88172645463325252u + 7919u * (unsigned)i, events / threads / 2, exchanged};
    if (pthread_create(&ids[i], NULL, run, &works[i]) != 0) abort();
  }
  for (int i = 0; i < threads; ++i) pthread_join(ids[i], NULL);
  clock_gettime(CLOCK_MONOTONIC, &end);
  return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

/* Two threads: each block that the first one allocates is freed by the second one. */
static _Atomic(void*) handed;
static long handed_over;

static void* release(void* argument) {
  for (long i = 0; i < handed_over; ++i) {
    void* block;
    while ((block = atomic_exchange(&handed, NULL)) == NULL) {
    }
    free(block);
  }
  return argument;
}

double run_handing_over(long events) {
  pthread_t id;
  struct timespec start, end;
  handed_over = events / 2;
  clock_gettime(CLOCK_MONOTONIC, &start);
  if (pthread_create(&id, NULL, release, NULL) != 0) abort();
  for (long i = 0; i < handed_over; ++i) {
    void* const block = malloc(100);
    while (atomic_load(&handed) != NULL) {
    }
    atomic_store(&handed, block);
  }
  pthread_join(id, NULL);
  clock_gettime(CLOCK_MONOTONIC, &end);
  return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}
