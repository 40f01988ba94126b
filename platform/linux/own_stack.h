#pragma once
// Runs code on a stack of the library's own, and starts processes that share this one's memory, for
// Linux files alone. The program's stack may have a few hundred bytes left (signal handlers,
// coroutines, small threads).

#include <sched.h>
#include <signal.h>

#include <cstddef>

#include "platform/linux/system_call.h"

namespace pymemflow::platform {

// The address at which a stack begins. It grows down.
inline void* aligned_top(void* top) {
  return reinterpret_cast<void*>(reinterpret_cast<std::size_t>(top) & ~std::size_t{15});
}

// Calls work(argument) on the stack that ends at `top`.
inline void call_on_stack(void* top, void (*work)(void*), void* argument) {
#if defined(__x86_64__)
  __asm__ volatile(
      "movq %%rsp, %%rbx\n\t"
      "movq %[top], %%rsp\n\t"
      "callq *%[work]\n\t"
      "movq %%rbx, %%rsp"
      : "+D"(argument)
      : [top] "r"(aligned_top(top)), [work] "r"(work)
      : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3",
        "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
        "xmm15", "st", "memory", "cc");
#else
  register void* first __asm__("x0") = argument;
  register void* start __asm__("x9") = aligned_top(top);
  register void (*function)(void*) __asm__("x10") = work;
  __asm__ volatile(
      "mov x19, sp\n\t"
      "mov sp, x9\n\t"
      "blr x10\n\t"
      "mov sp, x19"
      : "+r"(first), "+r"(start), "+r"(function)
      :
      : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x11", "x12", "x13", "x14", "x15", "x16",
        "x17", "x18", "x19", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9",
        "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22",
        "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc");
#endif
}

// clone(2): a process that calls work(argument) on the stack that ends at `top`, and ends with its
// result. `id` receives the process id before the new process runs. The process id, or a negative
// error number.
//
// With CLONE_VM it has this thread's thread-local variables: it may use system calls alone.
inline long clone_onto(unsigned long flags, void* top, int* id, long (*work)(void*),
                       void* argument) {
  void** stack = static_cast<void**>(aligned_top(top));
  *--stack = argument;
  *--stack = reinterpret_cast<void*>(work);
#if defined(__x86_64__)
  long result;
  register long fourth __asm__("r10") = 0;
  register long fifth __asm__("r8") = 0;
  __asm__ volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xorl %%ebp, %%ebp\n\t"
      "popq %%rax\n\t"
      "popq %%rdi\n\t"
      "callq *%%rax\n\t"
      "movq %%rax, %%rdi\n\t"
      "movl %[exit], %%eax\n\t"
      "syscall\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"(SYS_clone), "D"(flags | CLONE_PARENT_SETTID), "S"(stack), "d"(id), "r"(fourth),
        "r"(fifth), [exit] "i"(SYS_exit)
      : "rcx", "r11", "memory", "cc");
  return result;
#else
  register long number __asm__("x8") = SYS_clone;
  register unsigned long x0 __asm__("x0") = flags | CLONE_PARENT_SETTID;
  register void* x1 __asm__("x1") = stack;
  register int* x2 __asm__("x2") = id;
  register long x3 __asm__("x3") = 0;
  register long x4 __asm__("x4") = 0;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, #0\n\t"
      "mov x30, #0\n\t"
      "ldp x9, x0, [sp], #16\n\t"
      "blr x9\n\t"
      "mov x8, %[exit]\n\t"
      "svc #0\n\t"
      "brk #0\n"
      "1:"
      : "+r"(x0)
      : "r"(number), "r"(x1), "r"(x2), "r"(x3), "r"(x4), [exit] "i"(SYS_exit)
      : "memory", "cc");
  return static_cast<long>(x0);
#endif
}

}  // namespace pymemflow::platform
