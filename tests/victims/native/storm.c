// Threads that load and unload a library, threads that allocate, threads that fork, and a timer
// whose handler allocates: faults 8, 11 and 23. With churns.c, forks_often.c and loads_often.c.
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

atomic_long handled;
void* fork_often(void* unused);
void* load_often(void* path);
void start_churn(int number, unsigned pause);
void start_threads(int number, void* (*work)(void*), void* argument);
void stop_threads(void);

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void on_timer(int signal) {
  free(malloc((1 << 20) + (size_t)signal));
  ++handled;
}

void storm(char* path, unsigned milliseconds) {
  const struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
  struct itimerval every = {{0, 1000}, {0, 1000}};
  start_churn(4, 100);
  start_threads(4, load_often, path);
  start_threads(4, fork_often, NULL);
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &every, NULL);
  for (double end = now() + milliseconds / 1e3; now() < end;) usleep(1000);
  every.it_value.tv_usec = 0;
  setitimer(ITIMER_REAL, &every, NULL);
  stop_threads();
}
