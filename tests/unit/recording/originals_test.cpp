// Tests that originals are found by the first call or by find_originals(), for every row of both
// tables of hooks.

#include "interpose/originals/originals.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "interpose/originals/boot_arena.h"

#pragma GCC diagnostic ignored "-Wignored-attributes"

namespace pymemflow::interpose {
namespace {

// Runs `body` in a child process, where no originals have been looked up yet.
template <typename Body>
bool holds_in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

template <typename Function>
bool is_there(const Original<Function>& original, const char* name) {
  if constexpr (requires { original.function; }) {
    return original || ::dlsym(RTLD_DEFAULT, name) == nullptr;
  }
  return true;
}

TEST(Originals, AreFoundByTheFirstCall) {
  EXPECT_TRUE(holds_in_child([] {
    errno = 0;
    return real.close(-1) == -1 && errno == EBADF && real.close(-1) == -1;
  }));
  EXPECT_TRUE(holds_in_child([] {
    void* const block = real.malloc(100);
    if (block == nullptr || real.PMF_USABLE_SIZE(block) < 100) return false;
    std::memset(block, 1, 100);
    real.free(block);
    return true;
  }));
}

TEST(Originals, OfFreeTakesBlocksOfTheArenaIfThereAreAny) {
  if (!platform::kOriginalsAreLookedUp) GTEST_SKIP() << "there is no arena";
  EXPECT_TRUE(holds_in_child([] {
    find_originals();
    return reinterpret_cast<void*>(real.free.function) == ::dlsym(RTLD_NEXT, "free");
  }));
  EXPECT_TRUE(holds_in_child([] {
    void* const block = boot_arena::take(1, 100);
    find_originals();
    real.free(block);
    real.free(real.malloc(100));
    return true;
  }));
  EXPECT_TRUE(holds_in_child([] {
    boot_arena::give_back(boot_arena::take(1, 100));
    find_originals();
    return reinterpret_cast<void*>(real.free.function) == ::dlsym(RTLD_NEXT, "free");
  }));
}

TEST(Originals, OfDlsymIsFoundFirst) {
  EXPECT_TRUE(holds_in_child([] {
    return real.dlsym(RTLD_DEFAULT, "strlen") != nullptr &&
           real.dlsym(RTLD_DEFAULT, "no_function_has_this_name") == nullptr;
  }));
}

TEST(Originals, AreThereForEveryRow) {
  find_originals();
#define PMF_FUNCTION(name, arguments, effect, where) \
  PMF_HERE_##where(EXPECT_TRUE(is_there(real.name, #name)) << #name;)
#define PMF_OTHER_HOOK(name, where) \
  PMF_HERE_##where(EXPECT_TRUE(is_there(real.name, #name)) << #name;)
#include "capture/functions.def"
#include "interpose/originals/other_hooks.def"
#undef PMF_FUNCTION
#undef PMF_OTHER_HOOK
}

TEST(Originals, OfAllocatorFunctionsAreNeverNull) {
  find_originals();
#define PMF_FUNCTION(name, arguments, effect, where) \
  PMF_HERE_##where(EXPECT_TRUE(real.name) << #name;)
#include "capture/functions.def"
#undef PMF_FUNCTION
}

}  // namespace
}  // namespace pymemflow::interpose
