// Calls of mmap() and its family where hooks must be careful: in signal handlers, in children of
// vfork(), at the end of a thread, and by an allocator that is called first of all.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kPage = 4096 };

static volatile sig_atomic_t handled, failed;

static char* get(size_t pages) {
  void* const range =
      mmap(NULL, pages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (range == MAP_FAILED) failed = 1;
  return range;
}

static void handle(int number) {
  (void)number;
  char* const range = get(3);
  if (munmap(range + kPage, kPage) != 0 || munmap(range, 3 * kPage) != 0) failed = 1;
  ++handled;
}

// Maps, moves and releases until a timer's handler that does the same has run so often. Returns the
// number of times that it ran; negative: a call has failed.
int map_in_handlers(int times) {
  struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
  struct itimerval every = {{0, 200}, {0, 200}};
  const struct itimerval never = {{0, 0}, {0, 0}};
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &every, NULL);
  while (handled < times && !failed) {
    char* range = get(10);
    range = mremap(range, (size_t)10 * kPage, (size_t)20 * kPage, MREMAP_MAYMOVE);
    if (range == MAP_FAILED || munmap(range + 5 * kPage, 15 * kPage) != 0) failed = 1;
    free(malloc(5000));
    if (munmap(range, 5 * kPage) != 0) failed = 1;
  }
  setitimer(ITIMER_REAL, &never, NULL);
  return failed ? -handled : handled;
}

static pid_t start(void) {
  const pid_t child = vfork();
  if (child != 0) return child;
  munmap(get(4), 2 * kPage);
  _exit(3);
}

// A child of vfork() has its parent's memory: what it maps stays when it ends.
int map_in_children(int children) {
  int wrong = 0;
  for (int i = 0; i < children; ++i) {
    const pid_t child = start();
    int status = 0;
    wrong += waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 3;
  }
  return wrong;
}

static pthread_key_t key;

static void at_end(void* range) {
  munmap(range, kPage);
  get(5);
}

static void* work(void* unused) {
  pthread_setspecific(key, get(1));
  return unused;
}

// Each thread releases a page at its end, and maps five.
void map_at_ends(int threads) {
  pthread_key_create(&key, at_end);
  for (int i = 0; i < threads; ++i) {
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    pthread_join(thread, NULL);
  }
}
