#include "report/base/private_library.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace pymemflow::report {
namespace {

TEST(PrivateLibrary, IsFoundWhereItIsInstalled) {
  ASSERT_NE(mimalloc_functions(), nullptr);
  ASSERT_NE(unwind_functions(), nullptr);
  ASSERT_NE(elf_functions(), nullptr);
  EXPECT_EQ(mimalloc_functions(), mimalloc_functions());
  void* const block = mimalloc_functions()->malloc(100);
  EXPECT_NE(block, nullptr);
  mimalloc_functions()->free(block);
}

TEST(PrivateLibrary, IsNotSeenByTheHost) {
  mimalloc_functions();
  unwind_functions();
  elf_functions();
  for (const char* symbol : {"mi_malloc", "unw_backtrace", "elf_begin"}) {
    EXPECT_EQ(dlsym(RTLD_DEFAULT, symbol), nullptr) << symbol;
  }
  Dl_info unwinder = {};
  ASSERT_NE(dladdr(dlsym(RTLD_DEFAULT, "_Unwind_RaiseException"), &unwinder), 0);
  EXPECT_EQ(std::string(unwinder.dli_fname).find("libunwind"), std::string::npos);
}

}  // namespace
}  // namespace pymemflow::report
