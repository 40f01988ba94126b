// Threads that allocate until they are told to stop, and the code of a forked child.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

atomic_long churned;
atomic_int is_over;
static useconds_t pause_us;
static pthread_t threads[64];
static int count;

__attribute__((noinline)) void allocate_in_child(void) {
  for (int i = 0; i < 10; ++i) free(malloc(777));
}

static void* churn(void* unused) {
  for (; !is_over; ++churned) {
    free(malloc(50));
    if (pause_us != 0 && churned % 64 == 0) usleep(pause_us);
  }
  return unused;
}

void start_threads(int number, void* (*work)(void*), void* argument) {
  while (number-- > 0) pthread_create(&threads[count++], NULL, work, argument);
}

void start_churn(int number, unsigned pause) {
  pause_us = pause;
  start_threads(number, churn, NULL);
}

void stop_threads(void) {
  for (is_over = 1; count > 0;) pthread_join(threads[--count], NULL);
}
