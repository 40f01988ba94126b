// The entry point and the interpreter of the library file. The kernel starts the program, its
// loader links it as any other, and comes here: there is no C start-up file, which a library cannot
// have.

#include "report/reporter/program.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdint>

#include "report/reporter/reporter.h"

#if defined(__x86_64__)
#  define PMF_LOADER "/lib64/ld-linux-x86-64.so.2"
#  define PMF_MUSL_LOADER "/lib/ld-musl-x86_64.so.1"
#else
#  define PMF_LOADER "/lib/ld-linux-aarch64.so.1"
#  define PMF_MUSL_LOADER "/lib/ld-musl-aarch64.so.1"
#endif
#ifndef __GLIBC__
#  undef PMF_LOADER
#  define PMF_LOADER PMF_MUSL_LOADER
#endif

extern "C" {

__attribute__((used, section(".interp"))) const char pmf_reporter_loader[] = PMF_LOADER;

void pmf_start_reporter();
__attribute__((used, visibility("hidden"), noreturn)) void pmf_run_reporter(char** stack);

extern __attribute__((visibility("hidden"))) const ElfW(Ehdr) __ehdr_start;

}  // extern "C"

// The kernel leaves the count of arguments at the top of the stack, and behind it the arguments and
// the environment.
#if defined(__x86_64__)
__asm__(
    ".globl pmf_start_reporter\n"
    ".hidden pmf_start_reporter\n"
    ".type pmf_start_reporter, @function\n"
    "pmf_start_reporter:\n\t"
    "xorl %ebp, %ebp\n\t"
    "movq %rsp, %rdi\n\t"
    "andq $-16, %rsp\n\t"
    "call pmf_run_reporter\n\t"
    "hlt\n\t"
    ".size pmf_start_reporter, .-pmf_start_reporter\n");
#else
__asm__(
    ".globl pmf_start_reporter\n"
    ".hidden pmf_start_reporter\n"
    ".type pmf_start_reporter, @function\n"
    "pmf_start_reporter:\n\t"
    "mov x29, #0\n\t"
    "mov x30, #0\n\t"
    "mov x0, sp\n\t"
    "bl pmf_run_reporter\n\t"
    "brk #0\n\t"
    ".size pmf_start_reporter, .-pmf_start_reporter\n");
#endif

namespace pymemflow::report {
namespace {

// The loader leaves a program's constructors to its start-up file.
void run_constructors(int count, char** arguments, char** environment) {
  using Constructor = void (*)(int, char**, char**);
  const auto base = reinterpret_cast<std::uintptr_t>(&__ehdr_start);
  const Constructor* first = nullptr;
  std::size_t constructors = 0;
  for (const ElfW(Dyn)* entry = _DYNAMIC; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_INIT_ARRAY) {
      first = reinterpret_cast<const Constructor*>(base + entry->d_un.d_ptr);
    }
    if (entry->d_tag == DT_INIT_ARRAYSZ) constructors = entry->d_un.d_val / sizeof(Constructor);
  }
  for (std::size_t i = 0; first != nullptr && i < constructors; ++i) {
    first[i](count, arguments, environment);
  }
}

}  // namespace

bool is_reporter() {
  return ::getauxval(AT_ENTRY) == reinterpret_cast<std::uintptr_t>(&pmf_start_reporter);
}

}  // namespace pymemflow::report

void pmf_run_reporter(char** stack) {
  const int count = static_cast<int>(reinterpret_cast<std::intptr_t>(stack[0]));
  char** const arguments = stack + 1;
  char** const environment = arguments + count + 1;
  pymemflow::report::run_constructors(count, arguments, environment);
  ::_exit(pymemflow::report::report_on_host(count, arguments, environment));
}
