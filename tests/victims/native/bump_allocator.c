// An allocator that a signal handler may call while it interrupts the allocator itself, unlike the
// C library's: it consists of a single atomic addition and never reuses memory.
#define _GNU_SOURCE
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define ROOM ((size_t)64 << 30)
static _Atomic uintptr_t next_free;

__attribute__((constructor(101))) static void start(void) {
  uintptr_t none = 0;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, flags, -1, 0);
  atomic_compare_exchange_strong(&next_free, &none, (uintptr_t)room + 16);
}

// The functions share it under a name of its own, as the C library's do: only the signal handler
// calls another hook from within realloc().
static void* take(size_t size) {
  if (next_free == 0) start();  // a constructor before ours
  if (size > ROOM / 2) return NULL;
  size_t* block = (size_t*)atomic_fetch_add(&next_free, (size + 31) & ~(size_t)15);
  block[-1] = size;
  return block;
}

void* malloc(size_t size) {
  return take(size);
}

void free(void* block __attribute__((unused))) {}

void* calloc(size_t count, size_t size) {
  return take(count * size);
}

int raised_within_realloc;  // a signal, or 0

void* realloc(void* block, size_t size) {
  void* moved = take(size);
  if (raised_within_realloc != 0) raise(raised_within_realloc);
  size_t old = block != NULL ? ((size_t*)block)[-1] : 0;
  if (moved != NULL && old != 0) memcpy(moved, block, old < size ? old : size);
  return moved;
}
