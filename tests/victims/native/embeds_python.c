// A program that loads a Python after it has run for a while:
//   embeds_python local|global LIBPYTHON HOME SOURCE [LIBPYTHON HOME SOURCE]
// loads an interpreter for each source and runs the source in it, one after the other.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void* find(void* library, const char* name) {
  void* function = dlsym(library, name);
  if (function == NULL) printf("%s\n", dlerror());
  return function;
}

static int run(const char* path, int mode, const char* home, const char* source) {
  setenv("PYTHONHOME", home, 1);
  void* library = dlopen(path, RTLD_NOW | mode);
  if (library == NULL) return printf("%s\n", dlerror());
  void (*initialize)(void) = (void (*)(void))find(library, "Py_Initialize");
  int (*run_string)(const char*, void*) =
      (int (*)(const char*, void*))find(library, "PyRun_SimpleStringFlags");
  void (*finalize)(void) = (void (*)(void))find(library, "Py_Finalize");
  if (initialize == NULL || run_string == NULL || finalize == NULL) return 1;
  initialize();
  if (run_string(source, NULL) != 0) return 1;
  finalize();
  return 0;
}

int main(int count, char** arguments) {
  if (count < 5) return 2;
  const int mode = strcmp(arguments[1], "local") == 0 ? RTLD_LOCAL : RTLD_GLOBAL;
  for (int i = 0; i < 100; ++i) free(malloc(555000));
  for (int i = 2; i + 2 < count; i += 3) {
    if (run(arguments[i], mode, arguments[i + 1], arguments[i + 2]) != 0) return 1;
  }
  for (int i = 0; i < 100; ++i) free(malloc(555000));
  puts("done");
  return 6;
}
