#pragma once
// The registers of one frame of a C stack, from which a walk finds the frames of the callers.

#include <cstdint>

namespace pymemflow::interpose {

// `pc` is an address to which a call returns: the instruction of the frame ends there. For a thread
// that was interrupted, by a signal for example, it is the address of the next instruction, plus 1.
// So pc - 1 lies in the running function in all cases.
struct Registers {
  std::uintptr_t pc;
  std::uintptr_t sp;
  std::uintptr_t fp;  // rbp, x29
#ifdef __aarch64__
  std::uintptr_t link;  // x30 of the innermost frame; 0: unknown
#endif
};

// The registers of the function that this is inlined into.
[[gnu::always_inline]] inline Registers own_registers() {
  Registers here;
#if defined(__x86_64__)
  __asm__ volatile(
      "lea 0(%%rip), %0\n\t"
      "mov %%rsp, %1\n\t"
      "mov %%rbp, %2"
      : "=&r"(here.pc), "=&r"(here.sp), "=&r"(here.fp));
#elif defined(__aarch64__)
  __asm__ volatile(
      "adr %0, 1f\n"
      "1:\tmov %1, sp\n\t"
      "mov %2, x29\n\t"
      "mov %3, x30"
      : "=&r"(here.pc), "=&r"(here.sp), "=&r"(here.fp), "=&r"(here.link));
#else
#  error "No registers for this processor: add them here"
#endif
  return here;
}

// Those of its caller, at the call. The function keeps a frame pointer for that.
[[gnu::always_inline]] inline Registers registers_of_caller() {
  Registers there = {};
  there.pc = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  there.sp = reinterpret_cast<std::uintptr_t>(__builtin_dwarf_cfa());
  there.fp = *static_cast<const std::uintptr_t*>(__builtin_frame_address(0));
  return there;
}

}  // namespace pymemflow::interpose
