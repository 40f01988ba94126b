// Allocates without the GIL from one place again and again: on threads of C that have a Python
// thread state now and then, and around fork().
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMES 5

// Used after, so that no compiler makes the call a jump, which would hide the function.
__attribute__((noinline)) void take(size_t size) {
  for (int i = 0; i < TIMES; ++i) {
    void* volatile block = malloc(size);
    free(block);
  }
}

struct Work {
  int rounds;
  size_t size;
  void (*python)(void);
};

static void* run(void* argument) {
  const struct Work* const work = argument;
  for (int i = 0; i < work->rounds; ++i) {
    take(work->size);
    work->python();  // by ctypes: makes a thread state, and frees it
    take(work->size + 1);
  }
  return NULL;
}

int run_thread(int rounds, size_t size, void (*python)(void)) {
  struct Work work = {rounds, size, python};
  pthread_t thread;
  if (pthread_create(&thread, NULL, run, &work) != 0) return -1;
  return pthread_join(thread, NULL);
}

// Returns the exit code of a child that allocates and calls nothing of Python.
int fork_and_take(size_t size) {
  take(size);
  const pid_t child = fork();
  if (child == 0) {
    take(size);
    _exit(7);
  }
  int status = -1;
  waitpid(child, &status, 0);
  take(size + 1);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
