// A library to preload behind pymemflow, which calls this malloc(): notes what the compiler's own
// unwinder (backtrace(), libgcc) finds in some of the calls. The oracle of native frames in any
// program. Writes a line for each to the descriptor that PMF_NOTES_FILE names:
// THREAD NUMBER RESULT SIZE ADDRESS..., where NUMBER counts the calls of the thread.
//
//   PMF_NOTES_EVERY   the calls whose number is a multiple of this
#define _GNU_SOURCE
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void* __libc_malloc(size_t bytes);

#define MOST_FRAMES 300

static int file = -1;
static unsigned long every;
static __thread unsigned long calls;
static __thread int is_busy;

static char* put_number(char* text, unsigned long number) {
  char digits[16];
  int count = 0;
  do {
    digits[count++] = "0123456789abcdef"[number & 15];
  } while ((number >>= 4) != 0);
  while (count > 0) *text++ = digits[--count];
  *text++ = ' ';
  return text;
}

static void note(void* result, size_t size) {
  void* frames[MOST_FRAMES];
  char line[17 * (MOST_FRAMES + 4)];
  const int count = backtrace(frames, MOST_FRAMES);
  char* end = put_number(line, (unsigned long)syscall(SYS_gettid));
  end = put_number(end, calls);
  end = put_number(end, (unsigned long)result);
  end = put_number(end, size);
  for (int i = 0; i < count; ++i) end = put_number(end, (unsigned long)frames[i]);
  end[-1] = '\n';
  if (write(file, line, (size_t)(end - line)) < 0) file = -1;
}

void* malloc(size_t size) {
  void* const result = __libc_malloc(size);
  ++calls;
  if (file >= 0 && !is_busy && calls % every == 0) {
    is_busy = 1;
    note(result, size);
    is_busy = 0;
  }
  return result;
}

__attribute__((constructor)) static void begin(void) {
  void* frames[4];
  const char* const name = getenv("PMF_NOTES_FILE");
  const char* const distance = getenv("PMF_NOTES_EVERY");
  if (name == NULL || distance == NULL) return;
  backtrace(frames, 4);  // loads libgcc
  every = strtoul(distance, NULL, 10);
  file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
}
