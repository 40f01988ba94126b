#include "report/symbols/demangle.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace pymemflow::report {
namespace {

std::string name_of(std::string_view symbol) {
  return std::string(demangled(symbol));
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  while (times-- != 0) all += text;
  return all;
}

TEST(Demangled, NamesOfCpp) {
  EXPECT_EQ(name_of("_ZN2ns4loadEi"), "ns::load(int)");
  EXPECT_EQ(name_of("_Znwm"), "operator new(unsigned long)");
  EXPECT_EQ(name_of("_ZNSt6vectorIiSaIiEE9push_backERKi"),
            "std::vector<int, std::allocator<int> >::push_back(int const&)");
  EXPECT_EQ(name_of("_ZN12_GLOBAL__N_14loadEv.cold"),
            "(anonymous namespace)::load() [clone .cold]");
}

TEST(Demangled, NamesOfRust) {
  EXPECT_EQ(name_of("_ZN4core3ptr4drop17h0123456789abcdefE"), "core::ptr::drop");
  EXPECT_EQ(name_of("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
  EXPECT_EQ(name_of("_RINvNtC3std3mem8align_ofjE"), "std::mem::align_of::<usize>");
  EXPECT_EQ(name_of("_ZN58_$LT$alloc..string..String$u20$as$u20$core..fmt..Write$GT$9write_str"
                    "17h0123456789abcdefE.llvm.1234"),
            "<alloc::string::String as core::fmt::Write>::write_str");
}

TEST(Demangled, OtherNamesStayAsTheyAre) {
  for (const char* const symbol : {"", "malloc", "_Z", "_R", "_Zx", "_ZN2ns4loadE?", "__libc_start",
                                   "_Rust", "PyObject_Malloc", "_ZN2ns400loadEi"}) {
    EXPECT_EQ(name_of(symbol), "") << symbol;
  }
}

// Deep recursion, large tables on the stack, texts that double.
TEST(Demangled, NamesThatAreHostileAreBounded) {
  constexpr std::size_t kMost = kMaxMangledBytes;
  std::string doubles = "_Z1f1aIiE";
  for (char c = '0'; c <= '9'; ++c) {
    const std::string last = std::string("S") + c + "_";
    doubles += "1aI" + last + last + last + last + "E";
  }
  const std::vector<std::string> names = {
      "_Z1f" + repeated("P", kMost - 5) + "i",
      "_Z1f" + repeated("1aI", 1000) + "i" + repeated("E", 1000),
      "_Z1fIiEv" + repeated("RT_", kMost / 6) + repeated("1aIiE", kMost / 10),
      "_Z1f" + repeated("F", 2000) + "i" + repeated("E", 2000),
      "_Z" + repeated("Z", kMost - 4),
      "_Z1f" + repeated("A_", 2000) + "i",
      "_RNvC1a1b" + repeated("B_", 2000),
      "_RNvMC1a" + repeated("T", 2000) + repeated("E", 2000),
      "_RINvC1a1b" + repeated("P", kMost - 20) + "lE",
      doubles,
      "_Z" + std::string(kMost * 1000, '1'),
  };
  for (const std::string& name : names) EXPECT_LE(demangled(name).size(), kMaxDemangledBytes);
  EXPECT_EQ(name_of("_Z1f" + repeated("i", kMost)), "");
}

TEST(Demangled, NamesThatAreDamagedDoNoHarm) {
  std::mt19937_64 random(11);
  constexpr std::string_view kBytes = "_ZRNIESTPKOXLJDdtpQFBMC0123456789abc.$";
  const std::vector<std::string> names = {"_ZNSt6vectorIiSaIiEE9push_backERKi",
                                          "_ZN58_$LT$alloc..string..String$u20$as$u20$core..fmt.."
                                          "Write$GT$9write_str17h0123456789abcdefE",
                                          "_RINvNtC3std3mem8align_ofjE",
                                          "_Z1fIJiDpT_EEvDpRT_DTcl1gfp_EE"};
  for (int round = 0; round < 20000; ++round) {
    std::string name = names[round % names.size()];
    for (int change = 0; change < 4; ++change) {
      const char byte = kBytes[random() % kBytes.size()];
      const std::size_t at = random() % name.size();
      if (random() % 2 == 0) {
        name[at] = byte;
      } else {
        name.insert(at, name.substr(random() % name.size(), random() % 40));
      }
    }
    EXPECT_LE(demangled(name).size(), kMaxDemangledBytes);
    shortened(name, 20);
  }
}

TEST(WithoutParameters, KeepsTheFunction) {
  EXPECT_EQ(without_parameters("ns::load(int)"), "ns::load");
  EXPECT_EQ(without_parameters("malloc"), "malloc");
  EXPECT_EQ(without_parameters("(anonymous namespace)::load(int) const"),
            "(anonymous namespace)::load");
  EXPECT_EQ(without_parameters("a<void (int)>::operator()(int)"), "a<void (int)>::operator()");
  EXPECT_EQ(without_parameters("f(int)::{lambda(long)#1}::operator()(long) const"),
            "f(int)::{lambda(long)#1}::operator()");
  EXPECT_EQ(without_parameters("core::ptr::drop_in_place<std::rt::lang_start<()>>"),
            "core::ptr::drop_in_place<std::rt::lang_start<()>>");
}

TEST(Shortened, LeavesParametersOutBeforeTemplateArguments) {
  const std::string_view name =
      "std::map<std::vector<int, std::allocator<int> >, long>::insert(std::pair<int, int> const&)";
  EXPECT_EQ(shortened(name, 100), name);
  EXPECT_EQ(shortened(name, 70),
            "std::map<std::vector<int, std::allocator<int> >, long>::insert(...)");
  EXPECT_EQ(shortened(name, 50), "std::map<std::vector<...>, long>::insert(...)");
  EXPECT_EQ(shortened(name, 30), "std::map<...>::insert(...)");
  EXPECT_EQ(shortened(name, 10), "std::map<....");
}

TEST(Shortened, KnowsOperators) {
  EXPECT_EQ(shortened("bool operator< <std::pair<int, int>, long>(int, int)", 30),
            "bool operator< <...>(...)");
  EXPECT_EQ(shortened("matrix<double, 100>::operator()(int, int, int) const", 30),
            "matrix<...>::operator()(...)");
  EXPECT_EQ(shortened("node<std::pair<a, b> >::operator->(long, long, long)", 32),
            "node<...>::operator->(...)");
}

}  // namespace
}  // namespace pymemflow::report
