// Ends the process in situations in which little is allowed: on small stacks, with pending
// cancellations, in signal handlers that interrupt the loader, and while other threads hold its
// locks. Loaded by ctypes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int exit_code;

static void exit_in_handler(int signal) {
  (void)signal;
  _exit(exit_code);
}

// A stack with a page in front of it that nobody may touch.
static char* make_stack(size_t bytes) {
  const size_t guard = 65536;
  char* const all = mmap(NULL, guard + bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(all + guard, bytes, PROT_READ | PROT_WRITE);
  return all + guard;
}

void exit_on_alternate_stack(size_t bytes, int code) {
  exit_code = code;
  stack_t stack = {.ss_sp = make_stack(bytes), .ss_size = bytes};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_handler = exit_in_handler, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
}

static void* exit_in_thread(void* code) {
  _exit((int)(long)code);
}

void exit_in_small_thread(size_t bytes, int code) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, bytes);
  pthread_t thread;
  pthread_create(&thread, &attributes, exit_in_thread, (void*)(long)code);
  pthread_join(thread, NULL);
}

static void exit_coroutine(void) {
  _exit(exit_code);
}

static void exec_coroutine(void) {
  char number[12];
  snprintf(number, sizeof number, "exit %d", exit_code);
  execlp("sh", "sh", "-c", number, (char*)NULL);
  _exit(99);
}

static void run_coroutine(size_t bytes, void (*body)(void)) {
  static ucontext_t main_context, coroutine;
  getcontext(&coroutine);
  coroutine.uc_stack.ss_sp = make_stack(bytes);
  coroutine.uc_stack.ss_size = bytes;
  coroutine.uc_link = &main_context;
  makecontext(&coroutine, body, 0);
  swapcontext(&main_context, &coroutine);
}

void exit_in_coroutine(size_t bytes, int code) {
  exit_code = code;
  run_coroutine(bytes, exit_coroutine);
}

void exec_in_coroutine(size_t bytes, int code) {
  exit_code = code;
  run_coroutine(bytes, exec_coroutine);
}

static void* cancel_and_exit(void* code) {
  pthread_cancel(pthread_self());
  _exit((int)(long)code);
}

void exit_with_a_cancellation(int code) {
  pthread_t thread;
  pthread_create(&thread, NULL, cancel_and_exit, (void*)(long)code);
  pthread_join(thread, NULL);
}

static void* cancel_and_execute(void* code) {
  pthread_cancel(pthread_self());
  exit_code = (int)(long)code;
  exec_coroutine();
  return NULL;
}

void exec_with_a_cancellation(int code) {
  pthread_t thread;
  pthread_create(&thread, NULL, cancel_and_execute, (void*)(long)code);
  pthread_join(thread, NULL);
}

static pthread_t to_be_cancelled;
static atomic_int has_cancelled;

static void* cancel_the_other(void* argument) {
  for (;;) {
    pthread_cancel(to_be_cancelled);
    atomic_store(&has_cancelled, 1);
    usleep(100);
  }
  return argument;
}

// Another thread cancels this one all the time; it lets nobody until the process ends.
void exit_under_cancellations(int code) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  to_be_cancelled = pthread_self();
  pthread_t thread;
  pthread_create(&thread, NULL, cancel_the_other, NULL);
  while (!atomic_load(&has_cancelled)) sched_yield();
  _exit(code);
}

// ---------------------------------------------------------- locks that others never release
static int arrival[2];

// Tells the thread that waits for it, and never returns.
static void hold_for_ever(void) {
  static const char here = 'x';
  while (write(arrival[1], &here, 1) != 1) continue;
  for (;;) pause();
}

static int hold_loader(struct dl_phdr_info* info, size_t bytes, void* argument) {
  (void)info, (void)bytes, (void)argument;
  hold_for_ever();
  return 0;
}

static void* hold_loader_in_thread(void* argument) {
  dl_iterate_phdr(hold_loader, argument);
  return NULL;
}

static void* hold_streams_in_thread(void* argument) {
  flockfile(stdout);
  flockfile(stderr);
  hold_for_ever();
  return argument;
}

static void exit_beside(void* (*holds)(void*), int code) {
  char here;
  pthread_t thread;
  if (pipe(arrival) != 0) return;
  pthread_create(&thread, NULL, holds, NULL);
  while (read(arrival[0], &here, 1) != 1) continue;
  _exit(code);
}

void exit_beside_loader_lock(int code) {
  exit_beside(hold_loader_in_thread, code);
}

void exit_beside_stream_locks(int code) {
  exit_beside(hold_streams_in_thread, code);
}

// --------------------------------------------------------------- a handler in the middle of
// something
static void end_soon(int code, int after_us) {
  exit_code = code;
  signal(SIGALRM, exit_in_handler);
  const struct itimerval timer = {.it_value = {.tv_usec = after_us}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

void exit_over_the_loader(int code, int after_us) {
  end_soon(code, after_us);
  for (;;) {
    void* const library = dlopen("libelf.so.1", RTLD_NOW);
    if (library != NULL) dlclose(library);
  }
}

void exit_over_malloc(int code, int after_us) {
  end_soon(code, after_us);
  for (size_t size = 1;; size = size * 7 % 100003) free(malloc(size));
}

void exit_over_getaddrinfo(int code, int after_us) {
  end_soon(code, after_us);
  for (;;) {
    struct addrinfo* answer = NULL;
    if (getaddrinfo("127.0.0.1", "80", NULL, &answer) == 0) freeaddrinfo(answer);
    if (getaddrinfo("localhost", "http", NULL, &answer) == 0) freeaddrinfo(answer);
  }
}

void exit_over_streams(int code, int after_us) {
  end_soon(code, after_us);
  FILE* const file = fopen("/dev/null", "w");
  for (;;) fprintf(file, "%d\n", after_us);
}

// ------------------------------------------------------------------------------------- children
// The program has no children, so any child that it finds is foreign. Its end is prepared many
// times: `script` is executable but not a program, so that execl() fails after the library has
// prepared for the end, and the program goes on. It is still looking when it ends.
static int rounds = 10;

void meet_so_often(int count) {
  rounds = count;
}

static void meet(void) {
  static const char text[] = "met a stranger\n";
  if (write(1, text, sizeof text - 1) < 0) _exit(98);
}

static void meet_by_signal(int signal) {
  (void)signal;
  meet();
}

static void prepare_ends(const char* script) {
  for (int i = 0; i < rounds; ++i) execl(script, script, (char*)NULL);
  usleep(20000);
}

static void* reap(void* options) {
  for (;;) {
    const pid_t child = wait4(-1, NULL, (int)(long)options, NULL);
    if (child > 0) meet();
    if (child < 0) usleep(10);
  }
  return NULL;
}

// options: those of wait4() in a thread that reaps; -1 for no such thread.
void meet_children(const char* script, int options, int handles, int ignores, int adopts) {
  if (handles) signal(SIGCHLD, meet_by_signal);
  if (ignores) signal(SIGCHLD, SIG_IGN);
  if (adopts) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  pthread_t thread;
  if (options != -1) pthread_create(&thread, NULL, reap, (void*)(long)options);
  prepare_ends(script);
  if (options == -1 && wait4(-1, NULL, WNOHANG | __WALL, NULL) > 0) meet();
}

// 0: wait4() by syscall(); 1: waitid() by syscall(); 2: the same without a place for the child that
// it finds; 3: the function, without a place.
static void* reap_by_calls(void* how) {
  for (;;) {
    siginfo_t child = {0};
    long found = 0;
    if (how == (void*)0) found = syscall(SYS_wait4, -1, NULL, __WALL, NULL);
    if (how == (void*)1) found = syscall(SYS_waitid, P_ALL, 0, &child, WEXITED | __WALL, NULL);
    if (how == (void*)2) found = syscall(SYS_waitid, P_ALL, 0, NULL, WEXITED | __WALL, NULL);
    if (how == (void*)3) found = waitid(P_ALL, 0, NULL, WEXITED | __WALL);
    if (found > 0 || (how != (void*)0 && found == 0)) meet();
    if (found < 0) usleep(10);
  }
  return NULL;
}

void meet_by_calls(const char* script, int how) {
  pthread_t thread;
  pthread_create(&thread, NULL, reap_by_calls, (void*)(long)how);
  prepare_ends(script);
}
