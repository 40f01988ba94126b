#pragma once
// DWARF's numbers of the registers that a walk follows, and the kernel's signal frames, by
// processor.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "interpose/unwind/linux/rule.h"

namespace pymemflow::interpose {

#if defined(__x86_64__)

inline constexpr std::uint64_t kFpRegister = 6;
inline constexpr std::uint64_t kSpRegister = 7;
inline constexpr std::uint64_t kPcRegister = 16;
// On entry of a function.
inline constexpr bool kIsPcInLink = false;
// A function without callees may use this much below sp; and a register that was just popped is
// still there.
inline constexpr std::uintptr_t kRedZone = 128;
// mov $15, %rax; syscall
inline constexpr unsigned char kSignalReturn[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
// Offsets in `ucontext_t`, at which sp points when a signal handler returns.
inline constexpr std::int32_t kInterruptedFp = 120;
inline constexpr std::int32_t kInterruptedSp = 160;
inline constexpr std::int32_t kInterruptedPc = 168;

#elif defined(__aarch64__)

inline constexpr std::uint64_t kFpRegister = 29;
inline constexpr std::uint64_t kSpRegister = 31;
inline constexpr std::uint64_t kPcRegister = 30;
inline constexpr bool kIsPcInLink = true;
inline constexpr std::uintptr_t kRedZone = 0;
// mov x8, #139; svc #0
inline constexpr unsigned char kSignalReturn[] = {0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4};
// Offsets from sp, at which `siginfo_t` lies, and `ucontext_t` behind it.
inline constexpr std::int32_t kInterruptedFp = 544;
inline constexpr std::int32_t kInterruptedLink = 552;
inline constexpr std::int32_t kInterruptedSp = 560;
inline constexpr std::int32_t kInterruptedPc = 568;

#else
#  error "No unwind rules for this processor: add it here"
#endif

// The rule of the code that a signal handler returns to.
inline constexpr Rule kSignalRule = {.cfa_offset = kInterruptedSp,
                                     .cfa_added = 0,
                                     .kind = Rule::kLoadsCfa | Rule::kIsSignal | Rule::kValid,
                                     .fp = Place::AtSp,
                                     .pc = Place::AtSp,
                                     .fp_offset = kInterruptedFp,
                                     .pc_offset = kInterruptedPc};

}  // namespace pymemflow::interpose
