// A timer's handler that allocates, a thousand times a second; and one that a realloc() runs into.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

static volatile sig_atomic_t handled;
static int signal_number;

static void handle(int number) {
  (void)number;
  void* volatile block = malloc(40000000);
  free(block);
  ++handled;
}

static void raise_it(void) { raise(signal_number); }

void install(int number) {
  struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
  sigaction(signal_number = number, &action, NULL);
}

void set_timer(int microseconds) {
  struct itimerval every = {{0, microseconds}, {0, microseconds}};
  setitimer(ITIMER_REAL, &every, NULL);
}

int handled_signals(void) { return handled; }

void realloc_and_raise(void) {  // needs bump_allocator
  void (**within)(void) = (void (**)(void))dlsym(RTLD_DEFAULT, "within_realloc");
  *within = raise_it;
  void* volatile block = realloc(NULL, 6666);
  *within = NULL;
  free(block);
}
