// An extension that links its own allocator (jemalloc, statically, hidden) and uses it in addition
// to the program's. It frees each block with the allocator that the block came from.
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 1000 };

// Allocates from its own allocator: a mix-up with the program's would crash.
int allocate_for_itself(int rounds) {
  char* blocks[BLOCKS];
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < BLOCKS; ++i) {
      blocks[i] = malloc((size_t)(i + 1) * 7);
      memset(blocks[i], i & 127, (size_t)(i + 1) * 7);
      if (i % 3 == 0) blocks[i] = realloc(blocks[i], (size_t)(i + 1) * 14);
    }
    for (int i = 0; i < BLOCKS; ++i) {
      wrong += blocks[i][i] != (char)(i & 127);
      free(blocks[i]);
    }
  }
  return wrong;
}
