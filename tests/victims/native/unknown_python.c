// Looks like a CPython of an unknown version: exports its version, and that Python runs here.
#include <stdio.h>
#include <stdlib.h>

const char* Py_GetVersion(void) {
  return "3.99.7 (main, Jan  1 2040, 00:00:00) [GCC 40.1.0]";
}

void* PyGILState_GetThisThreadState(void) {
  static char state[4096];
  return state;
}

__attribute__((noinline)) void* allocate(size_t bytes) {
  void* volatile block = malloc(bytes);  // a call from here, not a jump
  return block;
}

int main(void) {
  for (int i = 0; i < 10; ++i) free(allocate(700));
  puts("done");
  return 5;
}
