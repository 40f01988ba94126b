// A program that loads a Python and has it begin and end several times:
//   wraps_allocators LIBPYTHON HOME LIVES before|after|custom SOURCE
// It wraps the interpreter's allocators itself, before it begins or after it has, unless its wrapper
// is there already; or it has allocators of its own. Prints the calls that came to them.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
  void* context;
  void* (*malloc)(void*, size_t);
  void* (*calloc)(void*, size_t, size_t);
  void* (*realloc)(void*, void*, size_t);
  void (*free)(void*, void*);
};

static struct table below[3];
static long calls = 0;

#define WRAPPER(domain)                                                                    \
  static void* malloc_##domain(void* context, size_t size) {                               \
    (void)context, ++calls;                                                                \
    return below[domain].malloc(below[domain].context, size);                              \
  }                                                                                        \
  static void* calloc_##domain(void* context, size_t count, size_t size) {                 \
    (void)context, ++calls;                                                                \
    return below[domain].calloc(below[domain].context, count, size);                       \
  }                                                                                        \
  static void* realloc_##domain(void* context, void* block, size_t size) {                 \
    (void)context, ++calls;                                                                \
    return below[domain].realloc(below[domain].context, block, size);                      \
  }                                                                                        \
  static void free_##domain(void* context, void* block) {                                  \
    (void)context, ++calls;                                                                \
    below[domain].free(below[domain].context, block);                                      \
  }
WRAPPER(0)
WRAPPER(1)
WRAPPER(2)

static const struct table wrappers[3] = {
    {NULL, malloc_0, calloc_0, realloc_0, free_0},
    {NULL, malloc_1, calloc_1, realloc_1, free_1},
    {NULL, malloc_2, calloc_2, realloc_2, free_2},
};

static void* own_malloc(void* context, size_t size) {
  return (void)context, ++calls, malloc(size ? size : 1);
}
static void* own_calloc(void* context, size_t count, size_t size) {
  return (void)context, ++calls, count && size ? calloc(count, size) : calloc(1, 1);
}
static void* own_realloc(void* context, void* block, size_t size) {
  return (void)context, ++calls, realloc(block, size ? size : 1);
}
static void own_free(void* context, void* block) {
  (void)context, ++calls, free(block);
}

static void (*get)(int, struct table*);
static void (*set)(int, const struct table*);

static void wrap(void) {
  for (int domain = 0; domain < 3; ++domain) {
    struct table now;
    get(domain, &now);
    if (now.malloc == wrappers[domain].malloc) continue;
    below[domain] = now;
    set(domain, &wrappers[domain]);
  }
}

static void replace(void) {
  const struct table own = {NULL, own_malloc, own_calloc, own_realloc, own_free};
  for (int domain = 0; domain < 3; ++domain) set(domain, &own);
}

int main(int count, char** arguments) {
  if (count != 6) return 2;
  setenv("PYTHONHOME", arguments[2], 1);
  void* library = dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
  if (library == NULL) return printf("%s\n", dlerror()), 3;
  void (*initialize)(void) = (void (*)(void))dlsym(library, "Py_Initialize");
  int (*run_string)(const char*, void*) =
      (int (*)(const char*, void*))dlsym(library, "PyRun_SimpleStringFlags");
  void (*finalize)(void) = (void (*)(void))dlsym(library, "Py_Finalize");
  get = (void (*)(int, struct table*))dlsym(library, "PyMem_GetAllocator");
  set = (void (*)(int, const struct table*))dlsym(library, "PyMem_SetAllocator");
  const int is_before = strcmp(arguments[4], "before") == 0;
  if (strcmp(arguments[4], "custom") == 0) replace();
  for (int life = 0; life < atoi(arguments[3]); ++life) {
    if (is_before) wrap();
    initialize();
    if (strcmp(arguments[4], "after") == 0) wrap();
    const long calls_before = calls;
    if (run_string(arguments[5], NULL) != 0) return 4;
    printf("life %d: %d\n", life, calls > calls_before);
    finalize();
  }
  puts("done");
  return 6;
}
