/* Allocates and frees blocks at random, with a fixed number of them live: the work of bench/scale
 * and bench/instructions. bench/live_blocks.py calls it, so that the calls have Python lines. One
 * thread at a time. */

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

static void** blocks;
static uint64_t count;
static uint64_t filled;
static uint64_t state = 0x9e3779b97f4a7c15u;

static uint64_t next_random(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/* Of 1 to 24 bytes, which take 32 bytes of the heap each: 20 million fit 640 MB. */
static void* make_block(void) {
  return malloc(1 + next_random() % 24);
}

/* Prepares for `live` blocks. Returns 0, or -1: there is no memory. */
int begin_blocks(uint64_t live) {
  blocks = calloc(live, sizeof *blocks);
  count = live;
  return blocks == NULL ? -1 : 0;
}

/* Makes `events` calls: of malloc until all blocks are live, then of free and malloc in turn. */
void change_blocks(uint64_t events) {
  while (events > 0) {
    if (filled < count) {
      blocks[filled++] = make_block();
      --events;
      continue;
    }
    void** const block = &blocks[next_random() % count];
    free(*block);
    *block = make_block();
    events -= events > 1 ? 2 : 1;
  }
}

static void* make_zero_block(void) {
  uint64_t* const block = malloc(8 + next_random() % 17);
  *block = 0;
  return block;
}

/* The same, but the choice of each block depends on what the one before holds, so that the
 * processor cannot fetch several of them at the same time. */
void change_blocks_serially(uint64_t events) {
  for (; events > 0; --events) {
    if (filled == count) {
      void** const block = &blocks[next_random() % count];
      state += *(uint64_t*)*block;
      free(*block);
      *block = make_zero_block();
      events -= events > 1 ? 1 : 0;
    } else {
      blocks[filled++] = make_zero_block();
    }
  }
}

static void* change_in_thread(void* events) {
  /* The same number of calls from one place as on a thread of Python. */
  for (uint64_t left = (uint64_t)(uintptr_t)events; left > 0; left -= left < 5000 ? left : 5000) {
    change_blocks(left < 5000 ? left : 5000);
  }
  return NULL;
}

/* Makes the calls on a thread that Python has never seen. Returns an error number. */
int change_blocks_in_thread(uint64_t events) {
  pthread_t thread;
  const int error = pthread_create(&thread, NULL, change_in_thread, (void*)(uintptr_t)events);
  return error != 0 ? error : pthread_join(thread, NULL);
}
