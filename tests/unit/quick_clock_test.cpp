// The clock of the vDSO (platform/clock.h).

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string>

#include "platform/clock.h"
#include "platform/loader.h"

namespace pymemflow::platform {
namespace {

constexpr int kNoFilters = 7;

// The wait status of a child that calls read() where every system call but its exit is fatal.
int status_of_child(std::uint64_t (*read)()) {
  const pid_t child = ::fork();
  if (child == 0) {
    // The strict mode would do, if it left the instruction that reads the clock.
    sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
    const sock_fprog filter = {.len = 4, .filter = code};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
      ::_exit(kNoFilters);
    }
    const bool is_read = read() != 0;
    ::syscall(SYS_exit_group, is_read ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

std::uint64_t read_of_libc() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return nanoseconds(now);
}

TEST(QuickClock, MakesNoSystemCall) {
  const int of_libc = status_of_child(read_of_libc);
  if (of_libc != 0) GTEST_SKIP() << "the C library's clock makes one here: status " << of_libc;
  EXPECT_NE(status_of_child(quick_monotonic_ns), 0);
  find_quick_clock();
  EXPECT_EQ(status_of_child(quick_monotonic_ns), 0);
}

// The compiler's driver is needed to make a library with a table of each kind.
TEST(QuickClock, SymbolsAreFoundByEachKindOfHashTable) {
  const std::string folder = testing::TempDir();
  for (const std::string style : {"sysv", "gnu", "both"}) {
    const std::string source = folder + "hash_" + style + ".c";
    const std::string library = folder + "libhash_" + style + ".so";
    std::ofstream(source) << "int other_" + style + "(void) { return 1; }\n" + "int found_by_" +
                                 style + "(void) { return 2; }\n";
    const std::string command =
        "cc -shared -fPIC -Wl,--hash-style=" + style + " -o " + library + " " + source;
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no C compiler";
    void* const opened = ::dlopen(library.c_str(), RTLD_NOW);
    ASSERT_NE(opened, nullptr) << ::dlerror();
    const std::string name = "found_by_" + style;
    void* address = nullptr;
    visit_definitions(
        name.c_str(),
        [](const char*, void* found, void* context) { *static_cast<void**>(context) = found; },
        &address);
    EXPECT_EQ(address, ::dlsym(opened, name.c_str())) << style;
    EXPECT_NE(address, nullptr) << style;
    ::dlclose(opened);
    ::unlink(source.c_str());
    ::unlink(library.c_str());
  }
}

}  // namespace
}  // namespace pymemflow::platform
