// Passes blocks from thread to thread, without a lock of ours or of Python's: each thread puts a
// block into a slot, and frees or passes on the block that it finds there, as fast as it can.
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#define SLOTS 8
static _Atomic(void*) slots[SLOTS];

void change_hands(unsigned thread, unsigned rounds, size_t size) {
  uint32_t random = thread * 2654435761u + 1;
  for (unsigned i = 0; i < rounds; ++i) {
    random = random * 1664525u + 1013904223u;
    void* block = malloc(size);
    block = atomic_exchange(&slots[random >> 29 & (SLOTS - 1)], block);
    if (block != NULL && random >> 27 & 1) {
      void* moved = realloc(block, size + 8192);
      block = moved != NULL ? moved : block;
    }
    free(block);
  }
}

void free_the_rest(void) {
  for (unsigned i = 0; i < SLOTS; ++i) free(atomic_exchange(&slots[i], NULL));
}
