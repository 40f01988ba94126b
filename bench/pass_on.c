/* Hooks that pass malloc() and free() on, and do a part of what recording does: what
 * bench/live_costs compares with it. For each call they execute WORK instructions that touch no
 * memory, three at a time as the recorder's. If WINDOW is not 0, they write 8 bytes to a window of
 * that size, which is cleared when it is full and, if the variable FILE_TO names a file, written to
 * that before. One thread. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef WORK
#  define WORK 0
#endif
#ifndef WINDOW
#  define WINDOW 0
#endif

static void* (*real_malloc)(size_t);
static void (*real_free)(void*);

#if WINDOW
static uint64_t window[WINDOW / 8] __attribute__((aligned(4096)));
static uint64_t* position = window;
static int file = -1;

static __attribute__((noinline)) void change_window(void) {
  const char* const path = getenv("FILE_TO");
  if (file < 0 && path != NULL) file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file >= 0 && write(file, window, sizeof window) < 0) abort();
  memset(window, 0, sizeof window);
  position = window;
}
#endif

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

static inline __attribute__((always_inline)) void work(uint64_t address) {
#if WORK
  uint64_t a = address, b = address, c = address;
  __asm__ volatile(".rept " TEXT(WORK) " / 3\n add $1, %0\n add $1, %1\n add $1, %2\n.endr"
                   : "+r"(a), "+r"(b), "+r"(c));
#endif
#if WINDOW
  if (position + 1 > window + WINDOW / 8) change_window();
  *position++ = address;
#endif
  (void)address;
}

void* malloc(size_t size) {
  if (real_malloc == NULL) real_malloc = (void* (*)(size_t))dlsym(RTLD_NEXT, "malloc");
  void* const block = real_malloc(size);
  work((uint64_t)block);
  return block;
}

void free(void* block) {
  if (real_free == NULL) real_free = (void (*)(void*))dlsym(RTLD_NEXT, "free");
  work((uint64_t)block);
  real_free(block);
}
