// Signal handlers that allocate: one of a timer, and one that interrupts a realloc().
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

static volatile sig_atomic_t handled;

static void handle(int number) {
  (void)number;
  void* volatile block = malloc(40000000);
  free(block);
  ++handled;
}

void install(int number) {
  struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
  sigaction(number, &action, NULL);
}

void set_timer(int microseconds) {
  struct itimerval every = {{0, microseconds}, {0, microseconds}};
  setitimer(ITIMER_REAL, &every, NULL);
}

int handled_signals(void) {
  return handled;
}

void realloc_and_raise(int number) {  // needs bump_allocator
  int* raised = dlsym(RTLD_DEFAULT, "raised_within_realloc");
  *raised = number;
  void* volatile block = realloc(NULL, 6666);
  *raised = 0;
  free(block);
}
