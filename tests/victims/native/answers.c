// A program without Python. The tests link it in ways that make preloading a library impossible.
#include <stdio.h>

int main(void) {
  puts("no Python");
  return 0;
}
