// Threads that end with destructors that allocate and free, in four rounds: fault 18.
#include <pthread.h>
#include <stdlib.h>

static pthread_key_t key;

static void again(void* block) {
  size_t round = *(size_t*)block;
  free(block);
  if (round == 0) return;
  size_t* next = malloc(51000 + round);
  *next = round - 1;
  pthread_setspecific(key, next);
}

static void* begin(void* unused) {
  size_t* first = malloc(51004);
  *first = 3;
  pthread_setspecific(key, first);
  return unused;
}

void end_threads(int count) {
  pthread_key_create(&key, again);
  for (int i = 0; i < count; ++i) {
    pthread_t thread;
    pthread_create(&thread, NULL, begin, NULL);
    pthread_join(thread, NULL);
  }
  pthread_key_delete(key);
}
