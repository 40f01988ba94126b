// Allocates in chains of C functions and notes the return addresses that the compiler's own
// unwinder (backtrace(), libgcc) finds at the same moment: the oracle of the recorded native
// frames. Called by native_situations.py, through ctypes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MOST_FRAMES 2048
// Between a call and the end of a function, so that the call is not the function's last act.
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

static FILE* notes;

// One line per allocation: its number, and ADDRESS:START:FILE:NAME of each frame above note() itself, where
// FILE is loaded at START, and NAME is empty if no symbol that the loader knows covers the address.
__attribute__((noinline)) void note(unsigned long number) {
  static void* frames[MOST_FRAMES];
  void* const block = calloc(number, 0);
  const int count = backtrace(frames, MOST_FRAMES);
  free(block);
  fprintf(notes, "%lu", number);
  for (int i = 1; i < count; ++i) {
    Dl_info found = {0};
    dladdr(frames[i], &found);
    fprintf(notes, " %lx:%lx:%s:%s", (unsigned long)frames[i], (unsigned long)found.dli_fbase,
            found.dli_fname != NULL ? found.dli_fname : "", found.dli_sname != NULL ? found.dli_sname : "");
  }
  fprintf(notes, "\n");
}

__attribute__((noinline)) void chain(unsigned long number, unsigned depth) {
  if (depth == 0) {
    note(number);
  } else {
    chain(number, depth - 1);
  }
  KEEP_FRAME();
}

// Called by the libraries that are built of tests/unit/unwind/reused.cpp.
void note_from(void* number) {
  note((unsigned long)(uintptr_t)number);
  KEEP_FRAME();
}

void begin_notes(const char* path) {
  void* frames[4];
  backtrace(frames, 4);  // loads libgcc
  notes = fopen(path, "w");
}

void end_notes(void) {
  fclose(notes);
}

__attribute__((noinline)) void call_back(void (*function)(void)) {
  function();
  KEEP_FRAME();
}

// Is never freed.
__attribute__((noinline)) void chain_leak(unsigned long bytes) {
  void* volatile block = malloc(bytes);
  KEEP_FRAME();
  (void)block;
}

static void* run_thread(void* number) {
  chain((unsigned long)(uintptr_t)number, 3);
  return NULL;
}

void note_in_thread(unsigned long number) {
  pthread_t thread;
  pthread_create(&thread, NULL, run_thread, (void*)(uintptr_t)number);
  pthread_join(thread, NULL);
}

static unsigned long number_in_handler;

static void handle(int signal) {
  (void)signal;
  chain(number_in_handler, 2);
}

void note_in_handler(unsigned long number, int on_own_stack) {
  static char memory[1 << 16];
  const stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handle;
  action.sa_flags = on_own_stack ? SA_ONSTACK : 0;
  if (on_own_stack) sigaltstack(&stack, NULL);
  sigaction(SIGUSR2, &action, NULL);
  number_in_handler = number;
  raise(SIGUSR2);
  KEEP_FRAME();
}

#if defined(__x86_64__)
// sub $8, %rsp; mov %rdi, %rax; mov %rsi, %rdi; call *%rax; add $8, %rsp; ret
static const unsigned char code[] = {0x48, 0x83, 0xec, 0x08, 0x48, 0x89, 0xf8, 0x48, 0x89,
                                     0xf7, 0xff, 0xd0, 0x48, 0x83, 0xc4, 0x08, 0xc3};
#else
// stp x29, x30, [sp, #-16]!; mov x2, x0; mov x0, x1; blr x2; ldp x29, x30, [sp], #16; ret
static const unsigned char code[] = {0xfd, 0x7b, 0xbf, 0xa9, 0xe2, 0x03, 0x00, 0xaa,
                                     0xe0, 0x03, 0x01, 0xaa, 0x40, 0x00, 0x3f, 0xd6,
                                     0xfd, 0x7b, 0xc1, 0xa8, 0xc0, 0x03, 0x5f, 0xd6};
#endif

// Through code that was made at run time and has no unwind data.
void note_below_new_code(unsigned long number) {
  char* const page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(page, code, sizeof code);
  mprotect(page, 4096, PROT_READ | PROT_EXEC);
  __builtin___clear_cache(page, page + sizeof code);
  void (*call)(void (*)(unsigned long), unsigned long);
  memcpy(&call, &page, sizeof call);
  call(note, number);
  KEEP_FRAME();
  munmap(page, 4096);
}
