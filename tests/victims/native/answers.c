// A program that is no Python, to be linked in ways that no library can be put in front of.
#include <stdio.h>

int main(void) {
  puts("no Python");
  return 0;
}
