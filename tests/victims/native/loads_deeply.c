// A library that loads another one from its own folder, by name only, with given flags: fault 37.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

void* block;

void allocate(int blocks) {
  for (int i = 0; i < blocks; ++i) block = malloc(31000 + (size_t)i), free(block);
}

// Returns 0, or 1 if the library is not found.
int load(const char* name, int is_deep, int blocks) {
  void* library = dlopen(name, RTLD_NOW | (is_deep ? RTLD_DEEPBIND : 0));
  if (library == NULL) return 1;
  ((void (*)(int))dlsym(library, "allocate"))(blocks);
  return 0;
}
