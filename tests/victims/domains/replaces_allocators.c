// Replaces an allocator of Python in a running program: takes small blocks from memory of its own,
// and frees those of the allocator before it by that one. Never calls that one for a small block.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

typedef struct {
  void* context;
  void* (*malloc)(void* context, size_t size);
  void* (*calloc)(void* context, size_t count, size_t size);
  void* (*realloc)(void* context, void* block, size_t size);
  void (*free)(void* context, void* block);
} Table;

enum { kLarge = 512, kHead = 16 };

static Table before;
static _Alignas(16) char memory[64 << 20];
static size_t used;

static int is_own(const void* block) {
  return (const char*)block >= memory && (const char*)block < memory + sizeof memory;
}

static void* own_malloc(void* context, size_t size) {
  (void)context;
  const size_t taken = kHead + ((size + 15) & ~(size_t)15);
  if (size > kLarge || taken > sizeof memory - used) return before.malloc(before.context, size);
  char* const head = memory + used;
  used += taken;
  memcpy(head, &size, sizeof size);
  return head + kHead;
}

static void* own_calloc(void* context, size_t count, size_t size) {
  if (size != 0 && count > kLarge / size) return before.calloc(before.context, count, size);
  void* const block = own_malloc(context, count * size);
  if (block != NULL) memset(block, 0, count * size);
  return block;
}

static void* own_realloc(void* context, void* block, size_t size) {
  if (block == NULL) return own_malloc(context, size);
  if (!is_own(block)) return before.realloc(before.context, block, size);
  size_t old = 0;
  memcpy(&old, (char*)block - kHead, sizeof old);
  void* const moved = own_malloc(context, size);
  if (moved != NULL) memcpy(moved, block, old < size ? old : size);
  return moved;
}

static void own_free(void* context, void* block) {
  (void)context;
  if (!is_own(block)) before.free(before.context, block);
}

// 1: mem, 2: obj.
void replace_allocator(int domain) {
  void (*const get)(int, Table*) = (void (*)(int, Table*))dlsym(RTLD_DEFAULT, "PyMem_GetAllocator");
  void (*const set)(int, Table*) = (void (*)(int, Table*))dlsym(RTLD_DEFAULT, "PyMem_SetAllocator");
  Table own = {NULL, own_malloc, own_calloc, own_realloc, own_free};
  get(domain, &before);
  set(domain, &own);
}

// The same, and puts the allocator back at once: no block is made meanwhile.
void replace_for_a_moment(int domain) {
  void (*const set)(int, Table*) = (void (*)(int, Table*))dlsym(RTLD_DEFAULT, "PyMem_SetAllocator");
  replace_allocator(domain);
  set(domain, &before);
}
