// Calls dlerror() before any error has happened.
#include <dlfcn.h>
#include <stdio.h>

int main(void) {
  const char* error = dlerror();
  puts(error != NULL ? error : "no error");
  return 0;
}
