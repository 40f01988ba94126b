// A trivial interposer that is not ours: counts the calls and passes them on.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic unsigned long mallocs, frees, marks;

void* malloc(size_t size) {
  static void* (*next)(size_t);
  if (next == NULL) next = (void* (*)(size_t))dlsym(RTLD_NEXT, "malloc");
  ++mallocs;
  if (size >= 77000 && size < 77100) ++marks;
  return next(size);
}

void free(void* block) {
  static void (*next)(void*);
  if (next == NULL) next = (void (*)(void*))dlsym(RTLD_NEXT, "free");
  ++frees;
  next(block);
}

__attribute__((destructor)) static void finish(void) {
  dprintf(1, "counted %s, %s, marks %lu\n", mallocs > 1000 ? "mallocs" : "too few mallocs",
          frees > 1000 ? "frees" : "too few frees", marks);
}
