// Children of vfork(), which write into their parent's memory until they exec or end. They allocate
// before that, and some fail to exec.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char* const words[] = {"sh", "-c", "exit 5", NULL};
static volatile int is_to_end, status;

static pid_t start(void) {
  const pid_t child = vfork();
  if (child != 0) return child;
  free(malloc(5000));
  execv("/no/such/program", words);
  if (is_to_end) _exit(6);
  execv("/bin/sh", words);
  _exit(7);
}

// Returns the number of children that did not exit as they should.
int vfork_often(int children) {
  int wrong = 0;
  for (; children > 0; --children) {
    is_to_end = children % 2;
    const pid_t child = start();
    wrong += waitpid(child, (int*)&status, 0) != child;
    wrong += WEXITSTATUS(status) != (is_to_end ? 6 : 5);
  }
  return wrong;
}
