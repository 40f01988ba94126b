// Asks the loader for an error before there was any.
#include <dlfcn.h>
#include <stdio.h>

int main(void) {
  const char* error = dlerror();
  puts(error != NULL ? error : "no error");
  return 0;
}
