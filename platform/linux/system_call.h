#pragma once
// System calls without the C library's wrappers, for Linux files alone. A wrapper may set errno,
// cancel the thread, or be replaced by another library; these do none of that. May be called
// anywhere on any thread, also on a small stack and in a process that shares the memory of this
// one.

#include <linux/audit.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <type_traits>

namespace pymemflow::platform {

// Widens an argument to 64 bits: the kernel reads all of them.
template <typename Argument>
long word_of(Argument argument) {
  if constexpr (std::is_null_pointer_v<Argument>) {
    return 0;
  } else if constexpr (std::is_pointer_v<Argument>) {
    return reinterpret_cast<long>(argument);
  } else {
    return static_cast<long>(argument);
  }
}

#if defined(__x86_64__)

// The processor as the kernel names it to filters of system calls.
inline constexpr unsigned kAuditArchitecture = AUDIT_ARCH_X86_64;

// The kernel's answer: a result, or a negative error number. No errno, no lock, no function that
// another library could define.
inline long enter_kernel(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long fourth __asm__("r10") = d;
  register long fifth __asm__("r8") = e;
  register long sixth __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

inline constexpr unsigned kAuditArchitecture = AUDIT_ARCH_AARCH64;

inline long enter_kernel(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}

#else
#  error "No system call for this processor: add one here"
#endif

// While it is set, no system call of the library reaches the kernel: the program has a filter under
// which one of them could end it.
inline constinit std::atomic<bool> are_calls_forbidden{false};

// A call that the program itself asks for.
template <typename... Arguments>
long system_call_of_host(long number, Arguments... arguments) {
  static_assert(sizeof...(arguments) <= 6);
  const long words[6] = {word_of(arguments)...};
  return enter_kernel(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

template <typename... Arguments>
long system_call(long number, Arguments... arguments) {
  if (are_calls_forbidden.load(std::memory_order_relaxed)) return -EPERM;
  return system_call_of_host(number, arguments...);
}

inline bool failed(long outcome) {
  return outcome < 0 && outcome > -4096;
}

}  // namespace pymemflow::platform
