// A library whose constructor allocates blocks before our constructor has run. Its destructor grows
// and frees the blocks. It reports any block with wrong content.
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char* kept[4];

static void check(int is_right, const char* what) {
  if (!is_right) dprintf(1, "WRONG: %s\n", what);
}

__attribute__((constructor)) static void start(void) {
  kept[0] = calloc(1, 4096);
  kept[1] = realloc(NULL, 100);
  kept[2] = malloc(300000);
  free(malloc(10));
  for (int i = 0; i < 4096; ++i) check(kept[0][i] == 0, "calloc gives zeros");
  memset(kept[0], 0x5a, 4096);
  kept[1] = realloc(kept[1], 5000);
  memset(kept[1], 0x5a, 5000);
  // The text of a loader's error is a block, freed at the next error.
  check(dlsym(RTLD_DEFAULT, "no_such_function_1") == NULL && dlerror() != NULL, "an error");
  check(dlsym(RTLD_DEFAULT, "no_such_function_2") == NULL && dlerror() != NULL, "another error");
  check(malloc_usable_size(kept[1]) >= 5000, "usable size");
}

__attribute__((destructor)) static void finish(void) {
  kept[0] = realloc(kept[0], 100000);
  for (int i = 0; i < 4096; ++i) check(kept[0][i] == 0x5a, "realloc keeps what calloc gave");
  kept[1] = reallocarray(kept[1], 10, 5000);
  for (int i = 0; i < 5000; ++i) check(kept[1][i] == 0x5a, "reallocarray keeps what realloc gave");
  for (int i = 0; i < 4; ++i) free(kept[i]);
  dprintf(1, "finished\n");
}
