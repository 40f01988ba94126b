// A thread that forks again and again; the child allocates and ends at once.
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

atomic_long forked, failed;
extern atomic_int is_over;
void allocate_in_child(void);

void* fork_often(void* unused) {
  for (; !is_over; usleep(50000)) {
    int status = 1;
    pid_t child = fork();
    if (child != 0) ++forked;
    if (child == 0) allocate_in_child();
    if (child == 0) _exit(0);
    if (waitpid(child, &status, 0) != child || status != 0) ++failed;
  }
  return unused;
}
