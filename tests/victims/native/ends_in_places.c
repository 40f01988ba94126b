// Ends the process in further situations of the kinds that hard_ends.c has: on small stacks that
// exit handlers run on, with cancellations of other types, by several threads at once, and in
// handlers of signals that arrive inside a given function. Loaded by ctypes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int exit_code;

static void exit_in_handler(int signal) {
  (void)signal;
  _exit(exit_code);
}

static void start_thread(size_t stack_bytes, void* (*body)(void*), void* argument,
                         pthread_t* thread) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (stack_bytes != 0) pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_create(thread, &attributes, body, argument);
}

static void run_in_thread(size_t stack_bytes, void* (*body)(void*), void* argument) {
  pthread_t thread;
  start_thread(stack_bytes, body, argument, &thread);
  pthread_join(thread, NULL);
}

// ------------------------------------------------------------------------------------ small stacks
static int overflow(int depth) {
  volatile char here[512];
  here[0] = (char)depth;
  return depth == 0 ? 0 : overflow(depth - 1) + here[0];
}

static void* overflow_in_thread(void* alternate) {
  const stack_t stack = {.ss_sp = alternate, .ss_size = 8192};
  sigaltstack(&stack, NULL);
  return (void*)(long)overflow(1000000);
}

// The stack is used up, and the handler of SIGSEGV has another one.
void exit_after_overflow(int code) {
  exit_code = code;
  const struct sigaction action = {.sa_handler = exit_in_handler, .sa_flags = SA_ONSTACK};
  sigaction(SIGSEGV, &action, NULL);
  char* const stack = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  run_in_thread(65536, overflow_in_thread, stack);
}

static void* exit_with_handlers(void* code) {
  exit((int)(long)code);
}

// The exit handlers run on the small stack, the library's among them.
void exit_with_handlers_in_small_thread(size_t bytes, int code) {
  run_in_thread(bytes, exit_with_handlers, (void*)(long)code);
}

static void* quick_exit_in_thread(void* code) {
  quick_exit((int)(long)code);
}

void quick_exit_in_small_thread(size_t bytes, int code) {
  run_in_thread(bytes, quick_exit_in_thread, (void*)(long)code);
}

static void* execute(void* command) {
  execl("/bin/sh", "sh", "-c", (const char*)command, (char*)NULL);
  _exit(99);
}

void exec_in_small_thread(size_t bytes, const char* command) {
  run_in_thread(bytes, execute, (void*)command);
}

static pthread_t first_thread;

static void* outlive_the_first(void* argument) {
  pthread_join(first_thread, NULL);
  for (int i = 0; i < 7; ++i) free(malloc(4000));
  return argument;
}

// The C library calls exit(0) in the thread that ends last. /proc/self is the first thread, and
// empty by then.
void end_with_the_last_thread(size_t bytes) {
  first_thread = pthread_self();
  pthread_t thread;
  start_thread(bytes, outlive_the_first, NULL, &thread);
  pthread_exit(NULL);
}

// ----------------------------------------------------------------------------------- cancellations
static void* exit_with_asynchronous_type(void* code) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  pthread_cancel(pthread_self());
  _exit((int)(long)code);
}

// Any moment in which the cancellation is not disabled would end the thread.
void exit_with_an_asynchronous_cancellation(int code) {
  run_in_thread(0, exit_with_asynchronous_type, (void*)(long)code);
}

static void exit_in_cleanup(void* code) {
  _exit((int)(long)code);
}

static void* cancel_with_cleanup(void* code) {
  pthread_cleanup_push(exit_in_cleanup, code);
  pthread_cancel(pthread_self());
  pthread_testcancel();
  pthread_cleanup_pop(0);
  return NULL;
}

void exit_while_a_cancellation_acts(int code) {
  run_in_thread(0, cancel_with_cleanup, (void*)(long)code);
}

static void exit_of_value(void* code) {
  _exit((int)(long)code);
}

static void* set_value(void* code) {
  pthread_key_t key;
  pthread_key_create(&key, exit_of_value);
  pthread_setspecific(key, code);
  return NULL;
}

void exit_while_a_thread_ends(int code) {
  run_in_thread(0, set_value, (void*)(long)code);
}

static const char* no_program;

// An exec that fails is no point at which a cancellation acts.
static void* fail_with_a_cancellation(void* code) {
  pthread_cancel(pthread_self());
  execl(no_program, no_program, (char*)NULL);
  _exit((int)(long)code);
}

void failed_exec_with_a_cancellation(const char* script, int code) {
  no_program = script;
  run_in_thread(0, fail_with_a_cancellation, (void*)(long)code);
}

// ------------------------------------------------------------------------------------ several ends
static pthread_barrier_t all_ready;

static void* exit_together(void* code) {
  pthread_barrier_wait(&all_ready);
  _exit((int)(long)code);
}

// `count` threads end the process at once, and this one too: with its exit handlers, or without.
void exit_by_all(int count, int with_handlers, int code) {
  pthread_barrier_init(&all_ready, NULL, (unsigned)count + 1);
  for (int i = 0; i < count; ++i) {
    pthread_t thread;
    start_thread(0, exit_together, (void*)(long)code, &thread);
  }
  pthread_barrier_wait(&all_ready);
  if (with_handlers) exit(code);
  _exit(code);
}

static void exit_later(void) {
  _exit(exit_code);
}

void exit_in_exit_handler(int code) {
  exit_code = code;
  atexit(exit_later);
  exit(77);
}

static int arrival[2];

static void wait_for_ever(void) {
  static const char here = 'x';
  while (write(arrival[1], &here, 1) != 1) continue;
  for (;;) pause();
}

// Waits until another thread is in wait_for_ever().
static void wait_for_arrival(void) {
  char here;
  while (read(arrival[0], &here, 1) != 1) continue;
}

// One thread is in exit(), whose handler never returns, and so holds what exit() locks.
void exit_beside_exit(int code) {
  if (pipe(arrival) != 0) return;
  atexit(wait_for_ever);
  pthread_t thread;
  start_thread(0, exit_with_handlers, (void*)77L, &thread);
  wait_for_arrival();
  _exit(code);
}

static void* fork_in_thread(void* argument) {
  fork();
  return argument;
}

// One thread is in fork(), whose handler never returns.
void exit_beside_fork(int code) {
  if (pipe(arrival) != 0) return;
  pthread_atfork(wait_for_ever, NULL, NULL);
  pthread_t thread;
  start_thread(0, fork_in_thread, NULL, &thread);
  wait_for_arrival();
  _exit(code);
}

void exit_in_fork_handler(int code) {
  exit_code = code;
  pthread_atfork(exit_later, NULL, NULL);
  fork();
}

// ------------------------------------------------------------- a handler inside of a given
// function
static volatile int is_inside;
static volatile int every_us;

static void set_timer(void) {
  const struct itimerval once = {{0, 0}, {0, every_us}};
  setitimer(ITIMER_REAL, &once, NULL);
}

static void exit_if_inside(int signal) {
  (void)signal;
  if (is_inside) _exit(exit_code);
  set_timer();
}

#define INSIDE(call) \
  is_inside = 1;     \
  call;              \
  is_inside = 0

static void* no_work(void* argument) {
  return argument;
}

static void call_once(char which, const char* library, size_t round) {
  void* block = NULL;
  struct addrinfo* answer = NULL;
  pthread_t thread;
  switch (which) {
    case 'o':
      INSIDE(block = dlopen(library, RTLD_NOW));
      dlclose(block);
      break;
    case 'c':
      block = dlopen(library, RTLD_NOW);
      INSIDE(dlclose(block));
      break;
    case 'm':
      INSIDE(block = malloc(round * 7919 % 100003));
      free(block);
      break;
    case 'g':
      INSIDE(getaddrinfo("localhost", "http", NULL, &answer));
      if (answer != NULL) freeaddrinfo(answer);
      break;
    case 't':
      INSIDE(pthread_create(&thread, NULL, no_work, NULL));
      pthread_join(thread, NULL);
      break;
    case 'f':
      INSIDE(block = (void*)(long)fork());
      if (block == NULL) exit_later();
      waitpid((pid_t)(long)block, NULL, 0);
      break;
    default:
      abort();
  }
}

// A signal that interrupts this function of the C library ends the process: dlopen, dlclose,
// malloc, getaddrinfo, pthread_create (t) or fork (f).
void exit_inside(const char* which, const char* library, int code, int after_us) {
  exit_code = code;
  every_us = after_us;
  signal(SIGALRM, exit_if_inside);
  set_timer();
  for (size_t round = 1;; ++round) call_once(*which, library, round);
}
