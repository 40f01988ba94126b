// A thread that loads and unloads a library until it is told to stop.
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>

atomic_long loaded;
extern atomic_long failed;
extern atomic_int is_over;

void* load_often(void* path) {
  for (; !is_over; ++loaded) {
    void* library = dlopen(path, RTLD_NOW);
    if (library == NULL || dlclose(library) != 0) ++failed;
  }
  return NULL;
}
