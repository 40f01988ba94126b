// The first allocation of the process comes out of newlocale(), which holds the lock of the
// locales: libp11-kit's constructor does so. Preloaded behind us, its constructor runs before ours.
#define _GNU_SOURCE
#include <locale.h>

locale_t first;

__attribute__((constructor)) static void start(void) {
  first = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
}
