// Makes newlocale(), which holds the lock of the locales, the source of the first allocation of the
// process, as the constructor of libp11-kit does. Preloaded after our library, so that its
// constructor runs before ours.
#define _GNU_SOURCE
#include <locale.h>

locale_t first;

__attribute__((constructor)) static void start(void) {
  first = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
}
