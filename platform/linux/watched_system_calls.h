#pragma once
// Defines syscall(), for the file that watches calls of prctl(), seccomp(), wait4() and waitid()
// alone: Linux. It hands these to pmf_watched_system_call(), and an error of any other to
// pmf_failed_system_call(). The including file defines both.
//
// It uses no stack, as the C library's does, since the new process or thread of a clone() returns
// from it on a stack of its own.

#include <sys/syscall.h>

#if defined(__x86_64__)
static_assert(__NR_prctl == 157 && __NR_seccomp == 317 && __NR_wait4 == 61 && __NR_waitid == 247);
__asm__(
    ".text\n"
    ".globl syscall\n"
    ".type syscall, @function\n"
    "syscall:\n\t"
    "cmpq $157, %rdi\n\t"
    "je pmf_watched_system_call\n\t"
    "cmpq $317, %rdi\n\t"
    "je pmf_watched_system_call\n\t"
    "cmpq $61, %rdi\n\t"
    "je pmf_watched_system_call\n\t"
    "cmpq $247, %rdi\n\t"
    "je pmf_watched_system_call\n\t"
    "movq %rdi, %rax\n\t"
    "movq %rsi, %rdi\n\t"
    "movq %rdx, %rsi\n\t"
    "movq %rcx, %rdx\n\t"
    "movq %r8, %r10\n\t"
    "movq %r9, %r8\n\t"
    "movq 8(%rsp), %r9\n\t"
    "syscall\n\t"
    "cmpq $-4095, %rax\n\t"
    "jae 1f\n\t"
    "ret\n"
    "1:\n\t"
    "movq %rax, %rdi\n\t"
    "jmp pmf_failed_system_call\n\t"
    ".size syscall, .-syscall\n");
#else
static_assert(__NR_prctl == 167 && __NR_seccomp == 277 && __NR_wait4 == 260 && __NR_waitid == 95);
__asm__(
    ".text\n"
    ".globl syscall\n"
    ".type syscall, %function\n"
    "syscall:\n\t"
    "cmp x0, #167\n\t"
    "b.eq 2f\n\t"
    "cmp x0, #277\n\t"
    "b.eq 2f\n\t"
    "cmp x0, #260\n\t"
    "b.eq 2f\n\t"
    "cmp x0, #95\n\t"
    "b.eq 2f\n\t"
    "mov x8, x0\n\t"
    "mov x0, x1\n\t"
    "mov x1, x2\n\t"
    "mov x2, x3\n\t"
    "mov x3, x4\n\t"
    "mov x4, x5\n\t"
    "mov x5, x6\n\t"
    "svc #0\n\t"
    "cmn x0, #4095\n\t"
    "b.cs 1f\n\t"
    "ret\n"
    "1:\n\t"
    "b pmf_failed_system_call\n"
    "2:\n\t"
    "b pmf_watched_system_call\n\t"
    ".size syscall, .-syscall\n");
#endif
